"""Bytes that ride in an Opus packet's padding, which every decoder leaves out (RFC 6716, 3.2.5).

To a packet of one frame this adds 3 bytes; a packet of its own would add 93 on the wire (IP, UDP,
DTLS, SCTP).
"""

from typing import NamedTuple

from pechead_live.calling.riders import Riders, pack_riders, unpack_riders

MOST_BYTES = 1000
"""That ride in one packet."""


class _Shape(NamedTuple):
    """An Opus packet as one of code 3, RFC 6716 section 3.2.5."""

    toc: int
    frames: int
    """The frame count byte without its padding bit."""
    rest: bytes
    """What follows the frame count byte, without the padding and its length."""
    padding: bytes


def ride(opus: bytes, riders: Riders) -> bytes | None:
    """``opus`` with ``riders`` in its padding; None if it cannot take them: it is no Opus packet,
    its padding is not empty, or they are too long."""
    shape = _shape_of(opus)
    if shape is None or any(shape.padding) or not riders:
        return None
    if any(len(rider) > 255 for rider in riders.values()):
        return None
    padding = pack_riders(riders)
    if len(padding) > MOST_BYTES:
        return None
    whole, remainder = divmod(len(padding), 254)
    if remainder == 0:  # 255 says that another length byte follows, and one must
        whole, remainder = whole - 1, 254
    length = b"\xff" * whole + bytes([remainder])
    head = bytes([shape.toc, shape.frames | 0x40])
    return head + length + shape.rest + padding


def riders_of(opus: bytes) -> Riders:
    """What rides in a packet's padding; nothing in one that is damaged."""
    shape = _shape_of(opus)
    return {} if shape is None else unpack_riders(shape.padding)


def _shape_of(opus: bytes) -> _Shape | None:
    if not opus:
        return None
    toc, code = opus[0] | 3, opus[0] & 3
    if code < 3:
        return _Shape(toc, (1, 2, 2 | 0x80)[code], opus[1:], b"")
    if len(opus) < 2 or opus[1] & 0x3F == 0:
        return None
    frames, rest = opus[1] & ~0x40, opus[2:]
    if not opus[1] & 0x40:
        return _Shape(toc, frames, rest, b"")
    length, at = 0, 0
    while at < len(rest) and rest[at] == 255:
        length, at = length + 254, at + 1
    if at == len(rest) or length + rest[at] > len(rest) - at - 1:
        return None
    length, at = length + rest[at], at + 1
    end = len(rest) - length
    return _Shape(toc, frames, rest[at:end], rest[end:])
