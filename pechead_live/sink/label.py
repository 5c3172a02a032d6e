"""The small visible "AI" label in pictures that leave the machine."""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from pechead_live.frame import Pixels

TEXT = "AI"

HEIGHT_SHARE = 0.055
"""Height of the label's box as a share of the picture's shorter side: readable in a call's tile."""

OPACITY = 0.62
"""Of the dark box; the letters are drawn at `LETTER_OPACITY` on top."""

LETTER_OPACITY = 0.95

SMALLEST_BOX = 9
"""Pixels; below this the letters would be a blot."""


def draw_label(pixels: Pixels) -> Pixels:
    """A copy of ``pixels``, (H, W, 3) uint8 RGB, with the label at the bottom left."""
    height, width = pixels.shape[:2]
    keep, add = _stamp(min(height, width))
    keep, add = keep[:height, :width], add[:height, :width]  # a picture smaller than its label
    margin = min(keep.shape[0] // 2, height - keep.shape[0], width - keep.shape[1])
    bottom = height - margin
    box = (slice(bottom - keep.shape[0], bottom), slice(margin, margin + keep.shape[1]))
    labelled = pixels.copy()
    # fixed point, 8 bits: a few thousand pixels, so this costs microseconds
    blended = (labelled[box].astype(np.uint16) * keep + add) >> 8
    labelled[box] = blended.astype(np.uint8)
    return labelled


@lru_cache(maxsize=8)
def _stamp(side: int) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """(factor of the picture, what is added), (h, w, 1) in 1/256, for a picture's shorter side."""
    box_height = max(SMALLEST_BOX, round(side * HEIGHT_SHARE))
    fine = 4  # drawn four times as large, then averaged: smooth letters at any size
    font, thickness = cv2.FONT_HERSHEY_DUPLEX, max(1, round(box_height * fine / 11))
    scale = cv2.getFontScaleFromHeight(font, round(box_height * fine * 0.58), thickness)
    (text_width, text_height), _ = cv2.getTextSize(TEXT, font, scale, thickness)
    pad = round(box_height * fine * 0.28)
    box_width = -(-(text_width + 2 * pad) // fine)
    letters = np.zeros((box_height * fine, box_width * fine), np.uint8)
    foot = (letters.shape[0] + text_height) // 2
    left = (letters.shape[1] - text_width) // 2
    cv2.putText(letters, TEXT, (left, foot), font, scale, 255, thickness, cv2.LINE_AA)
    small = cv2.resize(letters, (box_width, box_height), interpolation=cv2.INTER_AREA)
    letter = np.asarray(small, np.float32) / 255 * LETTER_OPACITY
    keep = (1 - OPACITY) * (1 - letter)
    add = 255 * letter
    return (
        np.round(keep * 256).astype(np.uint16)[..., None],
        np.round(add * 256).astype(np.uint16)[..., None],
    )
