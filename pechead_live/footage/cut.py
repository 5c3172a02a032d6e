"""Cutting a square out of a picture, at the size of every published number."""

import cv2
import numpy as np

from pechead_live.footage.square import SIDE, Square
from pechead_live.frame import Pixels


def cut(pixels: Pixels, square: Square) -> Pixels:
    """(256, 256, 3): the square of a picture, resized."""
    left, top, side = square
    inside = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    interpolation = cv2.INTER_AREA if side >= SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(inside, (SIDE, SIDE), interpolation=interpolation), np.uint8)
