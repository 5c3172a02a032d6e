"""A perceptual trunk of VGG16's shape with few channels and random weights."""

import torch
from torch import Tensor

from pechead_live.training.losses.trunk import Trunk
from pechead_live.training.losses.trunk_file import convolution_names


def small_trunk_tensors(trunk: str = "vgg16", width: int = 4) -> dict[str, Tensor]:
    """Under torchvision's names; ``width`` channels in the first block, doubled by each."""
    random = torch.Generator().manual_seed(0)
    tensors: dict[str, Tensor] = {}
    inputs = 3
    for block, names in enumerate(convolution_names(trunk)):
        outputs = width * 2**block
        for name in names:
            scale = (2 / (9 * inputs)) ** 0.5
            weight = scale * torch.randn(outputs, inputs, 3, 3, generator=random)
            tensors[f"{name}.weight"] = weight
            tensors[f"{name}.bias"] = torch.zeros(outputs)
            inputs = outputs
    return tensors


def small_trunk() -> Trunk:
    """On pictures as they are, [0, 1]."""
    return Trunk("vgg16", small_trunk_tensors(), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
