"""Untrained weights that do something: layers that start at zero would hide what they multiply."""

import math
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)

SHARE = 0.5
"""Deviation of what is added to a zero matrix, as a share of 1 / sqrt(inputs): its results are
then half as large as its inputs."""

BIAS = 0.1
"""Deviation of what is added to biases."""

GAIN = 1.8
"""Of every other convolution: torch's own start halves what passes it, so that a picture drawn by
twenty of them is grey."""


def shaken(network: Network, seed: int = 0) -> Network:
    """``network``, changed in place: noise on every weight that starts at zero or as an identity,
    and statistics as if it had seen data."""
    random = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            _shake_statistics(module, random)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=random)
            if parameter.ndim < 2:
                parameter += BIAS * noise
            elif (parameter == 0).float().mean() > 0.5:
                parameter += SHARE / math.sqrt(parameter[0].numel()) * noise
            elif parameter.ndim == 4:
                parameter *= GAIN
    return network


def _shake_statistics(norm: nn.BatchNorm2d, random: torch.Generator) -> None:
    assert norm.running_mean is not None and norm.running_var is not None
    norm.running_mean.normal_(0, 0.1, generator=random)
    norm.running_var.uniform_(0.5, 1.5, generator=random)
