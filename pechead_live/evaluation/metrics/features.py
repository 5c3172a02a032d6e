"""Features of pictures: 8-bit pictures through a network, a few at a time."""

from collections.abc import Iterable
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.frame import Pixels, check_pixels

BATCH = 8
"""Pictures at a time: on a CPU more bring nothing."""


def features_of(network: nn.Module, pictures: Iterable[Pixels], batch: int = BATCH) -> FloatArray:
    """(N, D) features of N pictures (H, W, 3) of one size, in their order.

    ``network`` takes (B, 3, H, W) float32 in [0, 1] RGB to (B, D); it scales to its own size. It
    runs where its parameters are. Raises `InputError` for no picture or several sizes.
    """
    if batch < 1:
        raise InputError(f"batch is {batch}: at least 1")
    device = next(network.parameters()).device
    waiting = iter(pictures)
    found: list[FloatArray] = []
    with torch.inference_mode():
        while chosen := list(islice(waiting, batch)):
            result: Tensor = network(pictures_tensor(chosen).to(device))
            found.append(result.float().cpu().numpy())
    if not found:
        raise InputError("no pictures: features need at least one")
    return np.concatenate(found)


def pictures_tensor(pictures: list[Pixels]) -> Tensor:
    """B pictures (H, W, 3) uint8 to (B, 3, H, W) float32 in [0, 1]."""
    for picture in pictures:
        check_pixels(picture)
    sizes = {picture.shape for picture in pictures}
    if len(sizes) > 1:
        raise InputError(f"pictures of several sizes {sorted(sizes)}: scale them to one first")
    stacked = torch.from_numpy(np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2)))
    return stacked.float() / 255
