"""A packet: three or four bytes, then one to three frames as one arithmetic codeword."""

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from pechead_live.calls.header import VERSION
from pechead_live.calls.moment import Moment
from pechead_live.calls.parameters import COUNT

MOST_FRAMES = 3

FARTHEST = 255
"""Frames to the reference, at most."""

MOST_BYTES = 1200
"""What goes through every network unsplit (RFC 8831, sec. 5; RFC 9000, sec. 14)."""

_NEAR = 15
_MOMENT = struct.Struct(f">IIB{COUNT}h")


class PacketStart(NamedTuple):
    """What can be read without decoding."""

    frames: int
    """1 to `MOST_FRAMES`."""
    distance: int
    """From the first frame back to its reference; 0 if it has none."""
    low_number: int
    """The lowest 8 bits of the first frame's number."""
    check: int
    """`check_of` the frames."""


def write_packet(start: PacketStart, codeword: bytes) -> bytes:
    """The packet's bytes."""
    near = min(start.distance, _NEAR)
    head = bytes([VERSION << 6 | (start.frames - 1) << 4 | near, start.low_number, start.check])
    far = bytes([start.distance]) if near == _NEAR else b""
    return head + far + codeword


def read_packet(packet: bytes) -> tuple[PacketStart, bytes] | None:
    """Its start and its codeword; None if it cannot be one of this version."""
    if not 3 <= len(packet) <= MOST_BYTES or packet[0] >> 6 != VERSION:
        return None
    frames, distance, at = 1 + (packet[0] >> 4 & 3), packet[0] & 15, 3
    if frames > MOST_FRAMES:
        return None
    if distance == _NEAR:
        if len(packet) < 4 or packet[3] < _NEAR:
            return None
        distance, at = packet[3], 4
    return PacketStart(frames, distance, packet[1], packet[2]), packet[at:]


def check_of(moments: Sequence[Moment]) -> int:
    """8 bits of the CRC-32 (ITU-T V.42) of the decoded frames: a damaged packet, or a decoder whose
    memory differs from the encoder's, is found out."""
    value = 0
    for m in moments:
        state = m.confidence << 2 | m.lost << 1 | m.holds
        value = zlib.crc32(_MOMENT.pack(m.number, m.tick, state, *m.levels), value)
    return value & 255
