"""How pictures enter and leave a graph: bytes or fractions outside, (1, 3, S, S) inside."""

import torch
from torch import Tensor

from pechead_live.errors import InputError

PIXELS = ("uint8", "float32")
"""Kinds of picture ports: bytes, which cross the bus as they are; and fractions in [0, 1], with
which numbers can be compared that a byte would round away."""

LEVELS = 255
"""Of a byte, for 1."""


def picture_port(size: int, pixels: str) -> Tensor:
    """An example of a port for a picture: (size, size, 3) RGB of a kind in `PIXELS`."""
    if pixels not in PIXELS:
        raise InputError(f"pixels is {pixels!r}: use one of {', '.join(PIXELS)}")
    return torch.zeros(size, size, 3, dtype=getattr(torch, pixels))


def taken(picture: Tensor) -> Tensor:
    """(S, S, 3), bytes or fractions, to (1, 3, S, S) in [0, 1], float32."""
    fractions = picture.to(torch.float32)
    if picture.dtype == torch.uint8:
        fractions = fractions / LEVELS
    return fractions.permute(2, 0, 1)[None]


def given(picture: Tensor, pixels: str) -> Tensor:
    """(1, 3, S, S) in [0, 1] to (S, S, 3) of a kind in `PIXELS`."""
    fractions = picture[0].permute(1, 2, 0).to(torch.float32)
    if pixels == "float32":
        return fractions
    return torch.round(fractions.clamp(0, 1) * LEVELS).to(torch.uint8)
