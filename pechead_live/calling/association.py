"""Data channels without a handshake of their own: what it would agree on goes with the offer and
the answer.

SCTP asks twice there and back before the first message, after ICE and DTLS have asked as often:
0.6 s on a line of 300 ms, and seconds where one of the four packets is lost. All that it finds out
is two numbers of each end (as in draft-hancke-tsvwg-snap). The library has no setting for it, so
this is for the releases that it was tried with only; with any other end the handshake is made.
"""

from importlib.metadata import version
from typing import Any

from aiortc import RTCPeerConnection

TRIED = ("1.16.",)

_LARGEST = (1 << 32) - 1


def association_of(peer: RTCPeerConnection) -> dict[str, int] | None:
    """What the other end has to know, for `agree`; None where that cannot be done."""
    sctp: Any = peer.sctp
    if sctp is None or not version("aiortc").startswith(TRIED):
        return None
    return {
        "tag": sctp._local_verification_tag,  # noqa: SLF001
        "tsn": sctp._local_tsn,  # noqa: SLF001
        "window": sctp._advertised_rwnd,  # noqa: SLF001
    }


def agree(peer: RTCPeerConnection, theirs: object) -> bool:
    """Takes ``theirs``, the other end's `association_of`, before the connection begins: the
    channels open with it. False if it is no such thing: the handshake is made."""
    sctp: Any = peer.sctp
    if association_of(peer) is None or not isinstance(theirs, dict):
        return False
    tag, tsn, window = (_number(theirs.get(name)) for name in ("tag", "tsn", "window"))
    if not tag or not window or tsn is None:
        return False
    before = (tsn - 1) & _LARGEST
    extensions: list[tuple[int, bytes]] = []
    sctp._set_extensions(extensions)  # noqa: SLF001 - both ends are of the same kind
    sctp._get_extensions(extensions)  # noqa: SLF001
    sctp._remote_verification_tag = tag  # noqa: SLF001
    sctp._last_received_tsn = sctp._reconfig_response_seq = before  # noqa: SLF001
    sctp._ssthresh = window  # noqa: SLF001

    async def opened() -> None:
        sctp._set_state(sctp.State.ESTABLISHED)  # noqa: SLF001

    sctp._init = opened  # noqa: SLF001
    return True


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= _LARGEST else None
