"""Cutting a face crop out of a frame."""

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.face_crop import FaceCrop, to_pixels_of
from pechead_live.frame import Pixels


def cut(pixels: Pixels, crop: FaceCrop, size: int) -> Pixels:
    """(size, size, 3) of ``pixels`` (H, W, 3); beyond the picture its border goes on.

    What is more than twice as fine as the crop is averaged first, or it would flicker.
    """
    height, width = pixels.shape[:2]
    matrix = to_pixels_of(crop, size, width, height)
    coarser = int(np.hypot(*matrix[:, 0]))
    if coarser >= 2:
        left, top, right, bottom = _bounds(matrix, size, coarser, width, height)
        part = np.ascontiguousarray(pixels[top:bottom, left:right])
        shape = (part.shape[1] // coarser, part.shape[0] // coarser)
        pixels = np.asarray(cv2.resize(part, shape, interpolation=cv2.INTER_AREA), np.uint8)
        matrix[:, 2] += np.array([0.5 - left, 0.5 - top], np.float32)
        matrix /= coarser
        matrix[:, 2] -= 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(
        pixels, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(found, np.uint8)


def _bounds(
    matrix: FloatArray, size: int, coarser: int, width: int, height: int
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what the crop shows of the picture, with a margin; the sides
    are multiples of ``coarser`` and not 0."""
    last = size - 1
    corners = matrix @ np.array([[0, last, 0, last], [0, 0, last, last], [1, 1, 1, 1]])
    low, high = np.floor(corners.min(axis=1)), np.ceil(corners.max(axis=1))
    limit = np.array([width, height])
    first = np.clip(low - coarser, 0, limit - coarser).astype(int)
    end = np.clip(high + coarser, first + coarser, limit).astype(int)
    end -= (end - first) % coarser
    return int(first[0]), int(first[1]), int(end[0]), int(end[1])
