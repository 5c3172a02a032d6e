"""A stream's header in nine bytes, for who has the avatar that the stream moves.

Origin and steps follow from the avatar at rest and from the quality (`calls.header_for`); whole,
they are 425 bytes, which a thin line takes a fifth of a second for, and more where they are lost.
"""

import struct

from pechead_live.calls import StreamHeader, header_for
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model

VERSION = 1
"""Of the face model and of how steps follow from it."""

_LAYOUT = struct.Struct(">Bd")


def told_header(quality_px: float) -> bytes:
    """What is sent of it."""
    return _LAYOUT.pack(VERSION, quality_px)


def derived(told: bytes, rest: Coefficients) -> StreamHeader:
    """Of the avatar that is ``rest`` at rest. Raises `InputError`."""
    if len(told) != _LAYOUT.size or told[0] != VERSION:
        raise InputError(f"a stream's header cannot be derived from {told.hex()}")
    _, quality_px = _LAYOUT.unpack(told)
    return header_for(rest, load_face_model(), quality_px=quality_px)
