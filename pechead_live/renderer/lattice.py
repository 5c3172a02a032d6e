"""Fields on a square lattice that spans a picture from edge to edge (`align_corners`)."""

from functools import cache

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray


def finer(field: FloatArray, side: int) -> tuple[FloatArray, FloatArray]:
    """x and y, (side, side) each, of a (h, h, 2) field: bilinear between its lattice points.

    Two matrix products for each: exact, where `cv2.resize` would place the points elsewhere.
    """
    along = _weights(field.shape[0], side)
    x, y = (np.asarray(along @ field[..., k] @ along.T, np.float32) for k in range(2))
    return x, y


def sampled(features: FloatArray, flow_x: FloatArray, flow_y: FloatArray) -> FloatArray:
    """(h, w, C) features at picture coordinates (H, W): bilinear; the edge goes on beyond it."""
    height, width = features.shape[:2]
    across = (flow_x + 1) * np.float32((width - 1) / 2)
    down = (flow_y + 1) * np.float32((height - 1) / 2)
    moved = cv2.remap(features, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


@cache
def _weights(points: int, side: int) -> FloatArray:
    """(side, points): row i holds the shares of the lattice points around place i."""
    place = np.linspace(0, points - 1, side)
    distance = np.abs(place[:, None] - np.arange(points)[None, :])
    return np.maximum(0, 1 - distance).astype(np.float32)
