"""Where points of a picture lie in its pixels."""

import numpy as np

from pechead_live.coefficients import FloatArray


def to_pixels(points: FloatArray, width: int, height: int) -> FloatArray:
    """(N, 2 or more) picture coordinates to (N, 2) pixels (x, y) of a picture of that size."""
    half = (min(width, height) - 1) / 2
    return (points[:, :2] * half + ((width - 1) / 2, (height - 1) / 2)).astype(np.float32)
