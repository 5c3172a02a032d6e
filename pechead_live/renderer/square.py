"""A picture's middle square and the size at which a network sees and draws it."""

import cv2
import numpy as np

from pechead_live.frame import Pixels


def resized(square: Pixels, side: int) -> Pixels:
    """(side, side, 3), contiguous: means of areas to make it smaller, cubic to make it larger."""
    if square.shape[0] == side:
        return np.ascontiguousarray(square)
    way = cv2.INTER_AREA if square.shape[0] > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (side, side), interpolation=way), np.uint8)
