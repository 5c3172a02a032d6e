"""`StreamHeader`: what a receiver must know once, sent over the reliable channel."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from pechead_live.calls.parameters import COUNT, Parameters, to_parameters
from pechead_live.calls.steps import steps_for
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.facemodel.model import FaceModel

VERSION = 1
"""Of the stream; versions are told apart by the header and by two bits of every packet."""

VERSIONS = (1,)
"""Those that this program reads, the best first."""

MAGIC = b"PHCS"
LARGEST = 1e6
"""Of a step and of an origin."""

_LAYOUT = struct.Struct(f">4sB{COUNT}f{COUNT}fI")

SIZE = _LAYOUT.size
"""Bytes: 425."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StreamHeader:
    """Steps and origin, as float32 so that both ends compute with the same."""

    steps: Parameters
    """(52,) of each parameter; 0 if it is not carried."""

    origin: Parameters
    """(52,) the avatar at rest: level 0 of each."""

    def __post_init__(self) -> None:
        for name in ("steps", "origin"):
            values = getattr(self, name)
            if values.shape != (COUNT,) or not (np.abs(values) <= LARGEST).all():  # NaN, too
                raise InputError(f"a stream's {name} must be {COUNT} numbers up to {LARGEST:g}")
            object.__setattr__(self, name, values.astype(np.float32).astype(np.float64))
        if (self.steps < 0).any():
            raise InputError("a stream's steps must not be negative")

    def in_steps(self, coefficients: Coefficients) -> list[float]:
        """(52,) how far parameters are from the avatar at rest, in steps; 0 if not carried."""
        apart = to_parameters(coefficients) - self.origin
        return [
            float(value / step) if step > 0 else 0.0
            for value, step in zip(apart, self.steps, strict=True)
        ]

    def to_bytes(self) -> bytes:
        """As it is sent."""
        body = _LAYOUT.pack(MAGIC, VERSION, *self.steps, *self.origin, 0)[:-4]
        return body + struct.pack(">I", zlib.crc32(body))


def header_for(rest: Coefficients, face_model: FaceModel, *, quality_px: float) -> StreamHeader:
    """Of a stream for the avatar that is ``rest`` at rest; ``quality_px`` (> 0): how far a step
    moves its landmarks, pixels of 256 x 256."""
    if not 0 < quality_px <= 16:
        raise InputError(f"quality_px {quality_px}: give pixels above 0, at most 16")
    steps = steps_for(rest, face_model, quality_px=quality_px)
    return StreamHeader(steps=steps, origin=to_parameters(rest))


def read_header(data: bytes) -> StreamHeader:
    """Raises `InputError` for what is no header of a version in `VERSIONS`."""
    if len(data) < 5 or data[:4] != MAGIC:
        raise InputError("this is no header of a coefficient stream: it begins with PHCS")
    if data[4] not in VERSIONS:
        known = ", ".join(map(str, VERSIONS))
        raise InputError(f"a stream of version {data[4]}; this program reads {known}: update it")
    if len(data) != SIZE or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "big"):
        raise InputError(f"a stream's header is damaged ({len(data)} bytes): have it sent again")
    numbers = np.array(_LAYOUT.unpack(data)[2:-1], np.float64)
    return StreamHeader(steps=numbers[:COUNT], origin=numbers[COUNT:])
