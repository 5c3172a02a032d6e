"""Islands of float32 under autocast: coordinates, which half precision would round to pixels.

A bfloat16 near 1 steps by a 256th, a pixel of a 512 px picture.
"""

from contextlib import AbstractContextManager

import torch
from torch import Tensor


def without_autocast(tensor: Tensor) -> AbstractContextManager[object]:
    """Inside it operations on ``tensor``'s device keep the types of what they are given."""
    device = tensor.device.type
    return torch.autocast("cpu" if device == "meta" else device, enabled=False)


def at_least_float32(tensor: Tensor) -> Tensor:
    """The same numbers as float32; a float64 stays one."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
