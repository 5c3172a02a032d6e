"""Convolutions that train with several branches and run as one.

RepVGG (Ding et al., CVPR 2021): a 3x3, a 1x1 and an identity branch, each with its own batch
normalisation, are one 3x3 convolution once the statistics stand still. Exact but for rounding.
"""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

Network = TypeVar("Network", bound=nn.Module)


class ConvNorm(nn.Module):
    """Convolution, batch normalisation and, unless ``relu`` is False, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> None:
        super().__init__()
        padding = kernel // 2
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        result: Tensor = self.norm(self.conv(features))
        return functional.relu(result, inplace=True) if self.relu else result

    def fuse(self) -> nn.Module:
        """The same function, with the present statistics, as one convolution."""
        kernel, bias = _folded(self.conv.weight, self.norm)
        conv = _convolution(kernel, bias, self.conv)
        return nn.Sequential(conv, nn.ReLU(inplace=True)) if self.relu else conv


class UnshuffledConvNorm(ConvNorm):
    """`ConvNorm` of a picture whose blocks of ``factor`` x ``factor`` pixels became channels."""

    def __init__(self, outputs: int, kernel: int, *, factor: int) -> None:
        super().__init__(3 * factor * factor, outputs, kernel)
        self.factor = factor

    def forward(self, features: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, outputs, H / factor, W / factor)."""
        return super().forward(functional.pixel_unshuffle(features, self.factor))

    def fuse(self) -> nn.Module:
        """The same function as one convolution with a stride, which reads the pixels in place."""
        kernel, bias = _folded(self.conv.weight, self.norm)
        factor = self.factor
        blocks = kernel.unflatten(1, (3, factor, factor)).permute(0, 1, 4, 2, 5, 3)
        wide = blocks.flatten(4, 5).flatten(2, 3)
        edge = factor * (kernel.shape[-1] // 2)
        conv = nn.Conv2d(3, kernel.shape[0], wide.shape[-1], stride=factor, padding=edge)
        conv = conv.to(self.conv.weight.device, self.conv.weight.dtype)
        with torch.no_grad():
            conv.weight.copy_(wide)
            assert conv.bias is not None
            conv.bias.copy_(bias)
        return nn.Sequential(conv, nn.ReLU(inplace=True))


class Rep3x3(nn.Module):
    """ReLU of the sum of a 3x3 convolution, a 1x1 convolution and the input, each normalised."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.three = ConvNorm(width, width, 3, relu=False)
        self.one = ConvNorm(width, width, 1, relu=False)
        self.identity = nn.BatchNorm2d(width)

    def forward(self, features: Tensor) -> Tensor:
        """(B, width, H, W) to the same shape."""
        total = self.three(features) + self.one(features) + self.identity(features)
        return functional.relu(total, inplace=True)

    def fuse(self) -> nn.Module:
        """The same function, with the present statistics, as one 3x3 convolution."""
        three, three_bias = _folded(self.three.conv.weight, self.three.norm)
        one, one_bias = _folded(self.one.conv.weight, self.one.norm)
        unit = torch.eye(three.shape[0], dtype=three.dtype, device=three.device)[..., None, None]
        same, same_bias = _folded(unit, self.identity)
        kernel = three + functional.pad(one + same, (1, 1, 1, 1))
        conv = _convolution(kernel, three_bias + one_bias + same_bias, self.three.conv)
        return nn.Sequential(conv, nn.ReLU(inplace=True))


def fused(network: Network) -> Network:
    """A copy of ``network`` for inference: evaluation mode, every branch and norm folded in."""
    result = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
    _fuse_below(result)
    return result


def _fuse_below(module: nn.Module) -> None:
    for name, child in list(module.named_children()):
        if isinstance(child, ConvNorm | Rep3x3):
            setattr(module, name, child.fuse().requires_grad_(requires_grad=False))
        else:
            _fuse_below(child)


def _folded(kernel: Tensor, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Kernel and bias, float64, of a convolution without bias followed by ``norm``."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None
    factor = norm.weight.detach().double() / torch.sqrt(variance.double() + norm.eps)
    bias = norm.bias.detach().double() - mean.double() * factor
    return kernel.detach().double() * factor[:, None, None, None], bias


def _convolution(kernel: Tensor, bias: Tensor, like: nn.Conv2d) -> nn.Conv2d:
    conv = nn.Conv2d(
        like.in_channels,
        like.out_channels,
        (kernel.shape[2], kernel.shape[3]),
        (like.stride[0], like.stride[1]),
        (kernel.shape[2] // 2, kernel.shape[3] // 2),
        groups=like.groups,
    ).to(like.weight.device, like.weight.dtype)
    with torch.no_grad():
        conv.weight.copy_(kernel)
        assert conv.bias is not None
        conv.bias.copy_(bias)
    return conv
