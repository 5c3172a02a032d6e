"""Normalisations folded into the convolutions before them, exact but for rounding."""

import copy
from typing import TypeVar, cast

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pechead_live.model.residual import ResBlock
from pechead_live.model.resnet import Bottleneck, ResNet50

Network = TypeVar("Network", bound=nn.Module)


def folded(network: Network) -> Network:
    """A copy for inference, in evaluation mode on the CPU, with every BatchNorm folded that
    follows a convolution. What is left stands after an addition (pre-activation, He et al. 2016).
    """
    result = copy.deepcopy(network).cpu().eval().requires_grad_(requires_grad=False)
    for module in result.modules():
        for convolution, norm in _pairs(module):
            _fold(module, convolution, norm)
    return result


def _pairs(module: nn.Module) -> list[tuple[str, str]]:
    """Names of convolutions and of the norms that see nothing but what they give."""
    if isinstance(module, ResBlock):
        # averaging 2x2, which may lie between, and a factor for each channel change places
        return [("conv1", "norm2")] if module.preactivation else _numbered("norm", 2)
    if isinstance(module, Bottleneck):
        return _numbered("bn", 3)
    if isinstance(module, ResNet50):
        return _numbered("bn", 1)
    if isinstance(module, nn.Sequential):
        children = list(module.named_children())
        return [
            (before, after)
            for (before, first), (after, second) in zip(children, children[1:], strict=False)
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d)
        ]
    return []


def _numbered(norm: str, count: int) -> list[tuple[str, str]]:
    return [(f"conv{i}", f"{norm}{i}") for i in range(1, count + 1)]


def _fold(module: nn.Module, convolution: str, norm: str) -> None:
    first, second = module.get_submodule(convolution), module.get_submodule(norm)
    assert isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d)
    exact = fuse_conv_bn_eval(first.to(torch.float64), second.to(torch.float64))
    setattr(module, convolution, cast(nn.Module, exact.to(torch.float32)))
    setattr(module, norm, nn.Identity())
