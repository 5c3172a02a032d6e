"""The plate: a photo cut and extended to the stage the avatar lives on.

The *crop* is the square around the head; its own picture coordinates are [-1, 1] in x and y. The
plate is as high as the crop and 16:9 wide around it, so that a square picture is the plate's middle
and a camera picture all of it.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.topology import IBUG_68
from pechead_live.frame import Pixels

ASPECT = 16 / 9
CROP_SCALES = (2.1, 1.95, 1.8, 1.7)
"""Crop's side over the larger side of the 68 landmarks' box (LivePortrait: 2.3): the first that
does not reach below the photo, else the last."""

CROP_RISE = 0.10
"""How far the crop's centre lies above the landmarks' centre, in crop sides."""

SMALLEST, LARGEST = 256, 720
"""Bounds of the plate's height in pixels."""


class Crop(NamedTuple):
    """A square in a picture, pixels."""

    x: float
    """Centre."""
    y: float
    """Centre."""
    side: float


def head_crop(points: FloatArray, photo: Pixels) -> Crop:
    """The square around the head of (478, 2) pixel ``points``, framed like a talking head."""
    landmarks = points[list(IBUG_68)]
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    x, y = (low + high) / 2
    box = float((high - low).max())
    crops = [Crop(float(x), float(y) - CROP_RISE * s * box, s * box) for s in CROP_SCALES]
    return next((c for c in crops if c.y + c.side / 2 <= photo.shape[0]), crops[-1])


def whole_crop(pixels: Pixels) -> Crop:
    """The square in the middle of a picture."""
    height, width = pixels.shape[:2]
    return Crop((width - 1) / 2, (height - 1) / 2, float(min(width, height)))


def cut_plate(photo: Pixels, crop: Crop) -> tuple[Pixels, np.ndarray]:
    """The plate of ``crop``, and where it shows the photo.

    Returns (P, round(16/9 P), 3) with P the crop's side within bounds, even, its outside filled by
    reflection; and (P, W) uint8, 255 inside the photo.
    """
    height = int(np.clip(round(crop.side / 2) * 2, SMALLEST, LARGEST))
    width = round(height * ASPECT / 2) * 2
    zoom = (height - 1) / (crop.side - 1)
    if zoom < 0.7:  # an affine warp alone would alias
        photo = np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.4 / zoom), np.uint8)
    to_plate = np.array(
        [
            [zoom, 0, (width - 1) / 2 - zoom * crop.x],
            [0, zoom, (height - 1) / 2 - zoom * crop.y],
        ]
    )
    size = (width, height)
    interpolation = cv2.INTER_LINEAR if zoom <= 1 else cv2.INTER_CUBIC
    plate = cv2.warpAffine(
        photo, to_plate, size, flags=interpolation, borderMode=cv2.BORDER_REFLECT_101
    )
    whole = np.full(photo.shape[:2], 255, np.uint8)
    inside = cv2.warpAffine(whole, to_plate, size, flags=cv2.INTER_NEAREST)
    return np.asarray(plate, np.uint8), np.asarray(inside, np.uint8)


def to_crop(points: FloatArray, crop: Crop) -> FloatArray:
    """(N, 2) pixels of the photo to the crop's picture coordinates."""
    centre = np.array([crop.x, crop.y])
    return ((points - centre) / ((crop.side - 1) / 2)).astype(np.float32)


def on_stage(points: FloatArray) -> bool:
    """True if the middle of (N, 2 or 3) crop's picture coordinates lies on the plate."""
    x, y = points[:, :2].mean(axis=0)
    return abs(float(x)) <= ASPECT and abs(float(y)) <= 1
