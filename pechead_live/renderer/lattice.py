"""Fields on a square lattice that spans a picture from edge to edge (`align_corners`)."""

from functools import cache

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray


def finer(field: FloatArray, side: int) -> tuple[FloatArray, FloatArray]:
    """x and y, (side, side) each, of a (h, h, 2) field: bilinear between its lattice points.

    Two matrix products: exact, where `cv2.resize` would place the points elsewhere.
    """
    along = _weights(field.shape[0], side)
    # both planes in one product take half as long as one after the other
    x, y = (along @ np.ascontiguousarray(field.transpose(2, 0, 1))) @ along.T
    return x, y


EXACT = 4
"""Channels of which `cv2.remap` interpolates exactly; with more it places to a 32nd of a pixel."""


def sampled(features: FloatArray, flow_x: FloatArray, flow_y: FloatArray) -> FloatArray:
    """(h, w, C) features at picture coordinates (H, W): bilinear; the edge goes on beyond it."""
    height, width, channels = features.shape
    across = (flow_x + 1) * np.float32((width - 1) / 2)
    down = (flow_y + 1) * np.float32((height - 1) / 2)
    moved = np.empty((*across.shape, channels), np.float32)
    for first in range(0, channels, EXACT):
        few = np.ascontiguousarray(features[..., first : first + EXACT])
        some = cv2.remap(few, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        moved[..., first : first + EXACT] = some.reshape(*across.shape, -1)
    return moved


@cache
def _weights(points: int, side: int) -> FloatArray:
    """(side, points): row i holds the shares of the lattice points around place i."""
    place = np.linspace(0, points - 1, side)
    distance = np.abs(place[:, None] - np.arange(points)[None, :])
    return np.maximum(0, 1 - distance).astype(np.float32)
