"""Arrays of the host as torch's tensors, and back."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels


def one(array: FloatArray) -> Tensor:
    """A batch of one."""
    return torch.from_numpy(np.ascontiguousarray(array))[None]


def picture_of(pixels: Pixels) -> Tensor:
    """(H, W, 3) uint8 to (1, 3, H, W) in [0, 1], channels last in memory."""
    levels: NDArray[np.float32] = np.asarray(pixels, np.float32) / np.float32(255)
    return one(levels).permute(0, 3, 1, 2)


def pixels_of(picture: Tensor) -> Pixels:
    """(1, 3, H, W) in [0, 1] to (H, W, 3) uint8, rounded."""
    levels = (picture[0].clamp(0, 1) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(levels.permute(1, 2, 0).numpy())
