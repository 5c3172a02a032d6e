"""The square that the Reconstructor sees of a picture, the same in training and at run time.

Crop coordinates z are normalised as picture coordinates are: [-1, 1] between the centres of the
first and the last pixel. A crop shows at z what the picture shows at ``half Q(roll) z + centre``.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray

GROWTH = 1.6
"""Crop's side over the larger side of the box of the 70 landmarks."""


class FaceCrop(NamedTuple):
    """Where a crop lies."""

    centre: FloatArray
    """(2,) (x, y), picture coordinates."""

    half: float
    """Half its side, picture units; > 0."""

    roll: float
    """Radians, clockwise as seen."""


def crop_around(landmarks: FloatArray, roll: float) -> FaceCrop:
    """The crop in which ``landmarks`` (70, 2), picture coordinates, stand upright in the middle."""
    turn = _turn(roll)
    upright = landmarks[:, :2] @ turn  # turned back
    low, high = upright.min(axis=0), upright.max(axis=0)
    centre = turn @ ((low + high) / 2)
    return FaceCrop(centre.astype(np.float32), GROWTH / 2 * float((high - low).max()), roll)


def into_picture(seen: Coefficients, crop: FaceCrop) -> Coefficients:
    """Coefficients in a crop's coordinates as those of the picture."""
    turn = _turn(crop.roll)
    turn_3d = np.eye(3, dtype=np.float32)
    turn_3d[:2, :2] = turn
    return replace(
        seen,
        rotation=turn_3d @ seen.rotation,
        translation=(crop.half * (turn @ seen.translation) + crop.centre).astype(np.float32),
        scale=crop.half * seen.scale,
    )


def points_into_picture(points: FloatArray, crop: FaceCrop) -> FloatArray:
    """(N, 2 or more) points in a crop's coordinates to (N, 2) in those of the picture."""
    return (crop.half * points[:, :2] @ _turn(crop.roll).T + crop.centre).astype(np.float32)


def to_pixels_of(crop: FaceCrop, size: int, width: int, height: int) -> FloatArray:
    """(2, 3) from pixels (x, y, 1) of a crop of ``size`` to those of a picture."""
    half = (min(width, height) - 1) / 2
    step = 2 / (size - 1)
    matrix = np.empty((2, 3))
    matrix[:, :2] = half * crop.half * step * _turn(crop.roll)
    corner = crop.centre - crop.half * _turn(crop.roll) @ np.ones(2)
    matrix[:, 2] = half * corner + ((width - 1) / 2, (height - 1) / 2)
    return matrix.astype(np.float32)


def _turn(roll: float) -> FloatArray:
    """(2, 2) rotation, clockwise as seen (y down)."""
    cos, sin = math.cos(roll), math.sin(roll)
    return np.array([[cos, -sin], [sin, cos]], np.float32)
