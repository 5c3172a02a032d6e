"""Where a film stands still, and how much another one flickers there."""

from collections.abc import Sequence

import cv2
import numpy as np

from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.pixels import Mask
from pechead_live.frame import Pixels, check_pixels

STILL_LEVELS = 3.0
"""Standard deviation over time up to which a pixel stands still: a still camera's noise after a
video's coding is less, what passes in one frame of fifty, 100 levels brighter, makes 14."""


def still_places(film: Sequence[Pixels]) -> Mask:
    """(H, W) True where no channel's standard deviation over ``film`` exceeds `STILL_LEVELS`.

    A place that moved at any time is not still; nothing is, if the camera moved.
    """
    if not film:
        raise InputError("a film without pictures: give at least one")
    total = np.zeros(film[0].shape, np.float64)
    squares = np.zeros_like(total)
    for pixels in film:
        check_pixels(pixels)
        levels = pixels.astype(np.float64)
        total += levels
        squares += levels * levels
    mean = total / len(film)
    variance = squares / len(film) - mean * mean
    return np.asarray((variance <= STILL_LEVELS**2).all(axis=2))


def change_of_neighbours(before: Pixels, now: Pixels, mask: Mask) -> float:
    """Mean absolute difference of two consecutive pictures (H, W, 3) over the channels and over
    ``mask`` (H, W), [0, 255]; NaN when that is empty."""
    check_pixels(before)
    check_pixels(now)
    if before.shape != now.shape or now.shape[:2] != mask.shape:
        raise InputError(
            f"pictures of {before.shape} and {now.shape} and a mask of {mask.shape}: one size"
        )
    return float(cv2.absdiff(before, now)[mask].mean()) if mask.any() else float("nan")
