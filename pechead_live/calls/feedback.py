"""What a receiver tells the sender: which frames it has, and whether it is stuck."""

import struct
from typing import NamedTuple

from pechead_live.calls.header import VERSION

EARLIER = 32
"""Frames before the newest that are told of."""

_LAYOUT = struct.Struct(">BIIB")
_NONE = (1 << 32) - 1


class Feedback(NamedTuple):
    """Ten bytes, sent over the unreliable channel now and then, and at once when stuck."""

    frames: frozenset[int]
    """Numbers of frames that can be referred to."""
    stuck_at: int | None
    """Lowest 8 bits of the first frame of a packet whose reference is missing; None if all is
    well."""


def write_feedback(feedback: Feedback) -> bytes:
    """Its bytes."""
    newest = max(feedback.frames, default=_NONE)
    mask = sum(1 << k for k in range(EARLIER) if newest - 1 - k in feedback.frames)
    stuck = feedback.stuck_at is not None
    return _LAYOUT.pack(VERSION << 6 | stuck, newest, mask, feedback.stuck_at or 0)


def read_feedback(data: bytes) -> Feedback | None:
    """None if it cannot be feedback of this version."""
    if len(data) != _LAYOUT.size or data[0] >> 6 != VERSION:
        return None
    start, newest, mask, stuck_at = _LAYOUT.unpack(data)
    frames = {newest} | {newest - 1 - k for k in range(EARLIER) if mask >> k & 1}
    known = frozenset() if newest == _NONE else frozenset(n for n in frames if n >= 0)
    return Feedback(known, stuck_at if start & 1 else None)
