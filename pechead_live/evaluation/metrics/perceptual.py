"""ePD: how different two pictures look to EfficientNet-Lite0.

LPIPS (Zhang et al. 2018) in its unlearned form: at five depths of a network the feature vector of
each place is brought to length 1, and the squared distances of the two pictures' vectors are
averaged over places, then over depths. Another network than LPIPS's and no learned weights, so its
values compare with each other only and must always be called *ePD*.
"""

import torch
from torch import Tensor

from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.efficientnet_trunk import EfficientNetLite0
from pechead_live.evaluation.metrics.features import pictures_tensor
from pechead_live.frame import Pixels

_LEAST_LENGTH = 1e-8  # of a feature vector: a smaller one has no direction


def epd(network: EfficientNetLite0, a: Pixels, b: Pixels) -> float:
    """Distance of two pictures (H, W, 3) of one size, sides multiples of 32; [0, 4], 0 for equal
    ones. At the pictures' own size: nothing is scaled away."""
    if a.shape != b.shape:
        raise InputError(f"the pictures differ in size, {a.shape} and {b.shape}: scale one first")
    device = next(network.parameters()).device
    with torch.inference_mode():
        maps = network.maps(pictures_tensor([a, b]).to(device))
        depths = [map_distance(x[0], x[1]) for x in maps]
    return float(torch.stack(depths).mean())


def map_distance(a: Tensor, b: Tensor) -> Tensor:
    """() mean over places of the squared distance of unit vectors; ``a``, ``b``: (C, H, W)."""
    return (_directions(a) - _directions(b)).square().sum(dim=0).mean()


def _directions(x: Tensor) -> Tensor:
    return x / x.norm(dim=0, keepdim=True).clamp_min(_LEAST_LENGTH)
