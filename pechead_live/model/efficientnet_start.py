"""What the small Reconstructor starts from: a trunk that has learned ImageNet.

The published weights are for pictures (255 x - 127) / 128, x in [0, 1], and for TensorFlow's
padding; the trunk here gets (x - mean) / deviation and pads evenly. The first difference is folded
into the first convolution. The second moves every map by a pixel at most, which training takes up.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from pechead_live.errors import InputError
from pechead_live.model.efficientnet_file import EPSILON, find_efficientnet, read_efficientnet
from pechead_live.model.efficientnet_lite import EfficientNetLite0
from pechead_live.model.reconstructor import IMAGENET_MEAN, IMAGENET_STD, Reconstructor

PREFIX = "trunk."
"""Of the trunk's tensors among those of R."""

PUBLISHED_MEAN, PUBLISHED_STD = 127.0, 128.0
"""Of 8-bit values: what the published weights were trained with."""


def imagenet_start(network: nn.Module, given: Path | None = None) -> dict[str, Tensor]:
    """All tensors of ``network``, an R with EfficientNet-Lite0, its trunk's from ImageNet.

    ``given``: the published file, else it is looked for (`find_efficientnet`). Raises `InputError`
    for another network or another file.
    """
    if not (isinstance(network, Reconstructor) and isinstance(network.trunk, EfficientNetLite0)):
        raise InputError(
            "ImageNet weights are there for a reconstructor with the trunk efficientnet-lite0 "
            "only: leave out --init imagenet, or train --preset reconstructor"
        )
    path = find_efficientnet("--init imagenet", given)
    own = network.trunk.state_dict()
    read = read_efficientnet(path, {name: tensor.shape for name, tensor in own.items()})
    trunk = own | _with_our_epsilon(read, network.trunk)
    trunk |= _with_our_pixels(trunk)
    return network.state_dict() | {PREFIX + name: tensor for name, tensor in trunk.items()}


def _with_our_epsilon(read: dict[str, Tensor], trunk: nn.Module) -> dict[str, Tensor]:
    """Normalisations that give the same although another number is added to their variance."""
    folded = dict(read)
    for name, module in trunk.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            variance = read[f"{name}.running_var"]
            change = ((variance + module.eps) / (variance + EPSILON)).sqrt()
            folded[f"{name}.weight"] = read[f"{name}.weight"] * change
    return folded


def _with_our_pixels(trunk: dict[str, Tensor]) -> dict[str, Tensor]:
    """The first convolution for our pixels: p = gain · ours + offset is what it was made for."""
    kernel, mean = trunk["stem.0.weight"], trunk["stem.1.running_mean"]
    gain = 255 * torch.tensor(IMAGENET_STD) / PUBLISHED_STD
    offset = (255 * torch.tensor(IMAGENET_MEAN) - PUBLISHED_MEAN) / PUBLISHED_STD
    return {
        "stem.0.weight": kernel * gain[:, None, None],
        "stem.1.running_mean": mean - kernel.sum(dim=(2, 3)) @ offset,
    }
