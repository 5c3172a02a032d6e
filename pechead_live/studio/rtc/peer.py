"""One connection with a browser: an offer in, an answer out."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamTrack
from aiortc.sdp import MediaDescription, SessionDescription

from pechead_live.studio.refusal import ApiRefusal

logger = logging.getLogger(__name__)

LONGEST_OFFER = 100_000
"""Characters; a browser's offer has about 6,000."""

MOST_SECTIONS = 4
"""Media sections of an offer: two are used."""

UNANSWERABLE = (
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    AssertionError,
    InvalidAccessError,
    InvalidStateError,
    InternalError,
)
"""What aiortc raises for SDP that can be parsed and not be answered."""

VIDEO_CODECS = {"vp8", "h264"}


def checked_offer(value: object) -> str:
    """The SDP of ``{"type": "offer", "sdp": ...}``. Raises `ApiRefusal`."""
    sdp, parsed = parsed_offer(value, longest=LONGEST_OFFER, most_sections=MOST_SECTIONS)
    video = [section for section in parsed.media if section.kind == "video"]
    if not video:
        raise ApiRefusal(400, "bad_offer", "the offer has no video section: ask for video")
    check_encrypted(video)
    named = {codec.name.lower() for section in video for codec in section.rtp.codecs}
    if not named & VIDEO_CODECS:
        raise ApiRefusal(
            422,
            "no_common_codec",
            f"the offer has video as {', '.join(sorted(named)) or 'nothing'} only: offer VP8 or "
            "H264",
        )
    return sdp


def parsed_offer(
    value: object, *, longest: int, most_sections: int
) -> tuple[str, SessionDescription]:
    """The SDP of ``{"type": "offer", "sdp": ...}``, at most ``longest`` characters, as it is and
    taken apart. Raises `ApiRefusal`."""
    fields: dict[Any, Any] = value if isinstance(value, dict) else {}
    sdp = fields.get("sdp")
    if fields.get("type") != "offer" or not isinstance(sdp, str):
        raise ApiRefusal(400, "bad_offer", 'an offer is {"type": "offer", "sdp": "..."}')
    if len(sdp) > longest:
        raise ApiRefusal(
            400, "bad_offer", f"an offer of {len(sdp)} characters: {longest} are the most"
        )
    try:
        parsed = SessionDescription.parse(sdp)
    except Exception as error:
        raise ApiRefusal(400, "bad_offer", f"the offer is not SDP ({error})") from error
    if not 0 < len(parsed.media) <= most_sections:
        raise ApiRefusal(
            400,
            "bad_offer",
            f"an offer of {len(parsed.media)} media sections: give 1 to {most_sections}",
        )
    return sdp, parsed


def check_encrypted(sections: Sequence[MediaDescription]) -> None:
    """Raises `ApiRefusal` for one without a fingerprint: aiortc would answer, and fail in a task of
    its own when the connection comes about."""
    if any(section.dtls is None or not section.dtls.fingerprints for section in sections):
        raise ApiRefusal(
            400, "bad_offer", "the offer has no DTLS fingerprint: it must be encrypted"
        )


def open_peer(ice_servers: Sequence[dict[str, Any]]) -> RTCPeerConnection:
    """A connection that has not begun; servers as `RTCIceServer` has them."""
    servers = [RTCIceServer(**server) for server in ice_servers]
    return RTCPeerConnection(RTCConfiguration(iceServers=servers))


async def answer(
    peer: RTCPeerConnection,
    sdp: str,
    *,
    send: Sequence[MediaStreamTrack],
    on_track: Callable[[MediaStreamTrack], None],
) -> dict[str, str]:
    """Takes an offer and sends ``send`` back; ``on_track`` gets what the browser sends.

    Raises `ApiRefusal`; the peer is then closed.
    """
    peer.on("track", on_track)
    try:
        await peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
        offered = {transceiver.kind for transceiver in peer.getTransceivers()}
        for track in send:
            if track.kind in offered:
                peer.addTrack(track)
        await peer.setLocalDescription(await peer.createAnswer())
    except OperationError as error:
        await peer.close()
        raise ApiRefusal(422, "no_common_codec", f"{error}: offer VP8 or H264") from error
    except UNANSWERABLE as error:
        logger.info("an offer was refused: %r", error)
        await peer.close()
        raise ApiRefusal(400, "bad_offer", f"the offer cannot be answered ({error})") from error
    except BaseException:
        await peer.close()
        raise
    local = peer.localDescription
    return {"type": local.type, "sdp": local.sdp}


def target_bitrate(peer: RTCPeerConnection) -> int | None:
    """Bits a second that the receiver's estimate (REMB) leaves to its video; None before it."""
    for sender in peer.getSenders():
        if sender.kind == "video":
            # what REMB says is kept by the encoder alone
            encoder: Any = getattr(sender, "_RTCRtpSender__encoder", None)
            return getattr(encoder, "target_bitrate", None)
    return None


async def sent_bytes(peer: RTCPeerConnection) -> int:
    """Of video, so far."""
    total = 0
    for sender in peer.getSenders():
        if sender.kind == "video":
            for stats in (await sender.getStats()).values():
                total += getattr(stats, "bytesSent", 0) if stats.type == "outbound-rtp" else 0
    return total
