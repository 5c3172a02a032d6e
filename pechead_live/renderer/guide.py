"""`Guide`: what geometry alone knows of a picture, for networks that go on from there."""

from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels

LATTICE = 64
"""Points along a side of the guide's flow: the size of a network's features for 256 pixels."""


class Guide(NamedTuple):
    """One analytic picture and how it came about.

    The lattice covers the picture's middle square, ``linspace(-1, 1, 64)`` both ways; coordinates
    are picture coordinates (x right, y down, `align_corners=True`).
    """

    picture: Pixels
    """(H, W, 3) the analytic picture."""

    flow: FloatArray
    """(64, 64, 2) the backward flow, absolute: the portrait's point that a lattice point shows."""

    share: FloatArray
    """(64, 64) in [0, 1]: how much of the person, not the background, is seen there."""

    landmarks: FloatArray
    """(70, 2) l^d: `NETWORK_LANDMARKS` of the portrait's face with the driven coefficients."""


class Warp(NamedTuple):
    """Backward maps of one picture; pixels of the person layer."""

    turn: FloatArray
    """(H + 2 cell, W + 2 cell, 2) layer pixel of each picture pixel, ``cell`` more on each side."""

    cell: int
    """The margin of ``turn``, pixels."""

    expression_x: FloatArray
    """(h, w) x within the region, of each of the region's pixels: where its skin comes from."""

    expression_y: FloatArray
    """(h, w) its y."""

    corner: FloatArray
    """(2,) left and top of the region in the layer."""


def lattice_pixels(width: int, height: int) -> tuple[FloatArray, FloatArray]:
    """x and y, (64, 64) each: the lattice in pixels of a ``width`` x ``height`` picture."""
    half = (min(width, height) - 1) / 2
    along = np.linspace(-half, half, LATTICE, dtype=np.float32)
    x, y = np.meshgrid(along + (width - 1) / 2, along + (height - 1) / 2)
    return x.astype(np.float32), y.astype(np.float32)


def trace(
    warp: Warp, person: np.ndarray, x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Follows picture pixels ``x``, ``y`` (64, 64) back through both warps.

    ``person`` (P, W, 4): the driven layer. Returns (64, 64, 2) portrait pixels in the layer, and
    the person's share (64, 64) in [0, 1].
    """
    turned = _sampled(warp.turn, x + warp.cell, y + warp.cell, cv2.BORDER_REPLICATE)
    across, down = (np.ascontiguousarray(turned[..., k]) for k in range(2))
    alpha = np.ascontiguousarray(person[..., 3])
    share = _sampled(alpha, across, down, cv2.BORDER_REPLICATE).astype(np.float32)
    share *= np.float32(1 / 255)
    height, width = warp.expression_x.shape
    moved = np.stack(
        [
            warp.expression_x - np.arange(width, dtype=np.float32)[None, :],
            warp.expression_y - np.arange(height, dtype=np.float32)[:, None],
        ],
        axis=-1,
    )
    inside = (across - warp.corner[0], down - warp.corner[1])
    origin = turned + _sampled(moved, *inside, cv2.BORDER_CONSTANT)
    return origin.astype(np.float32), share


def _sampled(picture: np.ndarray, x: FloatArray, y: FloatArray, border: int) -> np.ndarray:
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=border))
