"""`Personal`: what a network has learned of one portrait beyond what it reads from the photo.

A lite network reads the portrait once, into features. A clip of the person tells more than the
photo does (teeth, lids, creases), and what it tells is kept as a *change* of these features. They
are numbers and no graph: whatever runs the network adds them once and draws as it did before, and
a stranger's avatar still holds nothing that is run.

In the file: ``personal.json`` with the network and the shapes, ``personal.zlib`` with the numbers.
"""

import json
import math
import re
import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray

STEPS = 31
"""Largest level of a channel when it is stored: draws what floats draw (held-out ePD .3831 with
either), and packs into three quarters of what 127 levels take (182 KB for `lite-s`)."""

HEADER, NUMBERS = "personal.json", "personal.zlib"
"""Members of the avatar file."""

_PARTS = ("features_64", "features_128", "motion_features")
_LONGEST_HEADER = 4096
_CHANNELS, _SIDES = range(1, 513), range(8, 513)
_MOST_NUMBERS = 4_000_000
"""Of all three; `lite-m` has half a million."""

_LARGEST_SCALE = 1.0
"""Features are 1 to 3 in the mean, and learned changes .2, at most about 1."""


class Change(NamedTuple):
    """What is added to a map of features: ``scale * levels``."""

    levels: npt.NDArray[np.int8]
    """(C, H, H)."""

    scale: FloatArray
    """(C,), at least 0."""

    def values(self) -> FloatArray:
        """(C, H, H)."""
        return self.levels.astype(np.float32) * self.scale[:, None, None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Personal:
    """Changes of one network's features; h is a quarter of its picture's side."""

    model: str
    """Such as "lite-s"."""

    weights: str
    """SHA-256 of the checkpoint, hexadecimal: other weights have other features."""

    features_64: Change
    """(C, h, h)."""

    features_128: Change
    """(C, 2 h, 2 h)."""

    motion_features: Change
    """(C, h, h), of the learned ones: without the heat maps of the keypoints."""


def change_of(values: FloatArray) -> Change:
    """(C, H, H) rounded to what is stored; the largest error is a 62nd of a channel's largest."""
    scale = np.abs(values).max(axis=(1, 2)) / STEPS
    safe = np.where(scale > 0, scale, 1)[:, None, None]
    return Change(np.rint(values / safe).astype(np.int8), scale.astype(np.float32))


def packed(personal: Personal) -> dict[str, bytes]:
    """The members of the avatar file."""
    changes: list[Change] = [getattr(personal, name) for name in _PARTS]
    header = {
        "model": personal.model,
        "weights": personal.weights,
        "shapes": {name: change.levels.shape for name, change in zip(_PARTS, changes, strict=True)},
    }
    numbers = [np.asarray(change.scale, "<f4").tobytes() for change in changes]
    numbers += [change.levels.tobytes() for change in changes]
    return {
        HEADER: json.dumps(header, indent=1).encode(),
        NUMBERS: zlib.compress(b"".join(numbers), 9),
    }


def unpacked(header: bytes, numbers: bytes) -> Personal:
    """What `packed` made. ValueError, KeyError or TypeError for anything else.

    How long the numbers are is known before they are unpacked, and no more of them is.
    """
    if len(header) > _LONGEST_HEADER:
        raise ValueError(f"{HEADER} has {len(header)} bytes")
    card: Any = json.loads(header)
    model, weights = str(card["model"]), str(card["weights"])
    if not re.fullmatch(r"[a-z0-9-]{1,40}", model) or not re.fullmatch(r"[0-9a-f]{64}", weights):
        raise ValueError(f"a network {model!r} with weights {weights!r}")
    shapes = [_shape(card["shapes"][name]) for name in _PARTS]
    grid, twice, again = (shape[1] for shape in shapes)
    if not grid == again == twice / 2 or sum(map(math.prod, shapes)) > _MOST_NUMBERS:
        raise ValueError(f"changes of {shapes}")
    channels = [shape[0] for shape in shapes]
    content = _inflated(numbers, 4 * sum(channels) + sum(map(math.prod, shapes)))
    scales = np.frombuffer(content, "<f4", sum(channels)).astype(np.float32)
    if not bool(((scales >= 0) & (scales <= _LARGEST_SCALE)).all()):  # also refuses NaN
        raise ValueError("scales that no change has")
    levels = np.frombuffer(content, np.int8, offset=4 * sum(channels))
    changes: list[Change] = []
    for shape in shapes:
        taken = math.prod(shape)
        changes.append(Change(levels[:taken].reshape(shape).copy(), scales[: shape[0]].copy()))
        levels, scales = levels[taken:], scales[shape[0] :]
    return Personal(model=model, weights=weights, **dict(zip(_PARTS, changes, strict=True)))


def _shape(given: Any) -> tuple[int, int, int]:
    channels, height, width = given
    whole = all(type(size) is int for size in given)
    if not whole or channels not in _CHANNELS or height not in _SIDES or height != width:
        raise ValueError(f"a change of shape {given}")
    return channels, height, width


def _inflated(data: bytes, length: int) -> bytes:
    """The ``length`` bytes that ``data`` unpacks to; one more is not made."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(data, length + 1)
    except zlib.error as error:
        raise ValueError(f"{NUMBERS} cannot be unpacked ({error})") from error
    if len(content) != length or not unpacker.eof or unpacker.unused_data:
        raise ValueError(f"{NUMBERS} unpacks to another length than {length}")
    return content
