"""SDP of a call: what an offer must be before it is answered, and channels that both ends know."""

import json
import zlib
from typing import Any, NamedTuple

from aiortc import RTCDataChannel, RTCPeerConnection, RTCRtpSender

from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.rtc.peer import check_encrypted, parsed_offer

LONGEST_OFFER = 60_000
"""Characters."""

MOST_SECTIONS = 2
"""Data and sound."""


_SUPERFLUOUS = (
    "a=extmap:",
    "a=fingerprint:sha-384",
    "a=fingerprint:sha-512",
    "a=msid",
    "a=rtcp:",
)


class Channels(NamedTuple):
    """Agreed on beforehand: no message is needed to open them."""

    control: RTCDataChannel
    """Reliable, in order."""
    motion: RTCDataChannel
    """Neither: what is lost or late is of no use."""


def open_channels(peer: RTCPeerConnection) -> Channels:
    """The same at both ends."""
    return Channels(
        control=peer.createDataChannel("control", negotiated=True, id=0),
        motion=peer.createDataChannel(
            "motion", negotiated=True, id=1, ordered=False, maxRetransmits=0
        ),
    )


def lean(sdp: str) -> str:
    """``sdp`` without what a call has no use for: it is a third as long, and so are packets of
    sound without header extensions. Fingerprints other than SHA-256 are repetitions."""
    lines = sdp.split("\r\n")
    return "\r\n".join(line for line in lines if not line.startswith(_SUPERFLUOUS))


def only_opus(peer: RTCPeerConnection) -> None:
    """Offers no other codec of sound."""
    for transceiver in peer.getTransceivers():
        if transceiver.kind == "audio":
            codecs = RTCRtpSender.getCapabilities("audio").codecs
            transceiver.setCodecPreferences([c for c in codecs if c.name.lower() == "opus"])


def packed_offer(offer: dict[str, str], hello: dict[str, Any]) -> bytes:
    """The body of a request, a quarter as long, for a thin line: JSON, deflated (RFC 1950)."""
    return zlib.compress(json.dumps({"offer": offer, "hello": hello}).encode(), 9)


def unpacked_offer(body: bytes) -> str:
    """The JSON. Raises `ApiRefusal`; takes no more memory than `LONGEST_OFFER`."""
    try:
        return zlib.decompressobj().decompress(body, LONGEST_OFFER).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise ApiRefusal(400, "bad_offer", "the body is not deflated JSON") from error


def checked_offer(value: object) -> str:
    """The SDP of ``{"type": "offer", "sdp": ...}``. Raises `ApiRefusal`."""
    sdp, parsed = parsed_offer(value, longest=LONGEST_OFFER, most_sections=MOST_SECTIONS)
    if [s.kind for s in parsed.media].count("audio") > 1 or any(
        section.kind not in ("application", "audio") for section in parsed.media
    ):
        raise ApiRefusal(400, "bad_offer", "a call has data and one sound: offer nothing else")
    if not any(section.kind == "application" for section in parsed.media):
        raise ApiRefusal(400, "bad_offer", "the offer has no data channel: a call needs one")
    check_encrypted(parsed.media)
    return sdp
