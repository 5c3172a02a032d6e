"""Regions of a face for metrics by region: boxes around measured points, as masks."""

from collections.abc import Sequence

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.evaluation.metrics.pixels import Mask
from pechead_live.facemodel.topology import (
    FACE_OVAL,
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    OUTER_LIPS,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_LID,
)
from pechead_live.footage.points import to_pixels

REGIONS: dict[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "face": ((FACE_OVAL,), 0.0),
    "mouth": ((OUTER_LIPS,), 0.2),
    "eyes": (
        (RIGHT_UPPER_LID + RIGHT_LOWER_LID, LEFT_UPPER_LID + LEFT_LOWER_LID),
        0.3,
    ),
}
"""Name to the points of its boxes and how far each box reaches beyond them, as a share of its
larger side: the skin that moves with lips and lids belongs to them."""


def region_mask(points: FloatArray, region: str, width: int, height: int) -> Mask:
    """(height, width) True in the boxes of ``region``, a key of `REGIONS`.

    ``points``: (478, 2 or more) picture coordinates. What lies outside the picture is cut off.
    """
    pixels = to_pixels(points, width, height)
    mask = np.zeros((height, width), np.bool_)
    groups, margin = REGIONS[region]
    for group in groups:
        left, top, right, bottom = _box(pixels, group, margin)
        mask[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return mask


def _box(pixels: FloatArray, group: Sequence[int], margin: float) -> tuple[int, int, int, int]:
    """left, top, right, bottom; right and bottom are one past the last pixel."""
    chosen = pixels[list(group)]
    low, high = chosen.min(axis=0), chosen.max(axis=0)
    grow = margin * float((high - low).max())
    left, top = np.floor(low - grow).astype(int)
    right, bottom = np.ceil(high + grow).astype(int) + 1
    return int(left), int(top), int(right), int(bottom)
