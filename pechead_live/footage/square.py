"""The square around a head, placed as the field places its own: it stays while the head moves.

FOMM's protocol (video-preprocessing, crop_vox.py): the union of the boxes of the face in some
frames, grown to a square. Our boxes are those of MediaPipe's mesh, which ends at the hairline, so
they grow by more than FOMM's 1.2 to show the whole head.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.footage.points import to_pixels

SIDE = 256
"""Of the cropped picture, pixels: the size of every published number."""

GROWTH = 1.55
"""Square's side over the larger side of the union of the boxes."""

RISE = 0.1
"""How far the square's centre lies above the union's, in heights of the union."""


class Box(NamedTuple):
    """Around the face points, pixels."""

    left: float
    top: float
    right: float
    bottom: float


class Square(NamedTuple):
    """What is cut out of a picture, pixels."""

    left: int
    top: int
    side: int


def box_around(points: FloatArray, width: int, height: int) -> Box:
    """Around (N, 2 or more) picture coordinates in a picture of ``width`` x ``height``."""
    pixels = to_pixels(points, width, height)
    return Box(*(float(v) for v in (*pixels.min(axis=0), *pixels.max(axis=0))))


def square_around(boxes: Sequence[Box], width: int, height: int) -> Square:
    """The union of ``boxes`` grown to a square, within a picture of ``width`` x ``height``."""
    low = np.min([(box.left, box.top) for box in boxes], axis=0)
    high = np.max([(box.right, box.bottom) for box in boxes], axis=0)
    side = int(min(GROWTH * float((high - low).max()), width, height))
    x, y = (low + high) / 2 - (0, RISE * (high[1] - low[1]))
    left = int(np.clip(x - side / 2, 0, width - side))
    top = int(np.clip(y - side / 2, 0, height - side))
    return Square(left, top, side)
