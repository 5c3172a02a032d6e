"""Modulated deformable convolution (DCNv2), D of PECHead eq. 3, in three forms of the same numbers.

Sampled: one `grid_sample` for all taps and a matrix product; any device, gradients by autograd.
Compiled: torchvision's kernel, on CUDA where torchvision is installed. Exported: the standard ONNX
operator `DeformConv` (since opset 19).
"""

import functools
import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.model.precision import at_least_float32, without_autocast
from pechead_live.model.warp import identity_grid

OPSET = 20
"""Of ONNX, for the exported operator; TensorRT's and ONNX Runtime's parsers know it."""


class DeformableConvolution(nn.Module):
    """Weights of one: a 3x3 convolution that starts as the doubled identity.

    Doubled, because masks start at one half: at first it hands on exactly what it sampled.
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.weight = nn.Parameter(torch.zeros(channels, channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.sampled = False
        """Exported as samples and a product too, for runtimes that lack `DeformConv`."""
        with torch.no_grad():
            self.weight[:, :, 1, 1] = 2 * torch.eye(channels)

    def forward(self, feature: Tensor, offset: Tensor, mask: Tensor) -> Tensor:
        """As `deform_conv2d`."""
        form = sampled_deform_conv2d if self.sampled else deform_conv2d
        return form(feature, self.weight, self.bias, offset, mask, self.groups)


def deform_conv2d(
    feature: Tensor, weight: Tensor, bias: Tensor, offset: Tensor, mask: Tensor, groups: int
) -> Tensor:
    """(B, C, H, W) to (B, O, H, W): stride 1, padded with zeros to keep the size.

    ``weight`` (O, C, k, k), k odd; ``offset`` (B, groups · k² · 2, H, W) in pixels, (dy, dx) for
    each tap, row by row, group by group; ``mask`` (B, groups · k², H, W). Each of ``groups``
    shares of the channels is sampled at its own places. As torchvision and ONNX define it.
    """
    if torch.onnx.is_in_onnx_export():
        return _exported(feature, weight, bias, offset, mask, groups)
    if feature.is_cuda and (kernel := _compiled()) is not None:
        given = (at_least_float32(each) for each in (feature, offset, weight, bias))
        padding = weight.shape[-1] // 2
        out = kernel(*given, padding=padding, mask=at_least_float32(mask))
        return out.to(feature.dtype)
    return sampled_deform_conv2d(feature, weight, bias, offset, mask, groups)


def sampled_deform_conv2d(
    feature: Tensor, weight: Tensor, bias: Tensor, offset: Tensor, mask: Tensor, groups: int
) -> Tensor:
    """`deform_conv2d` in plain torch: taps are sampled in float32, then multiplied at once."""
    batch, channels, height, width = feature.shape
    taps = weight.shape[-1] ** 2
    with without_autocast(feature):
        flow = _places(at_least_float32(offset), groups, weight.shape[-1])
        folded = at_least_float32(feature).reshape(batch * groups, -1, height, width)
        columns = functional.grid_sample(folded, flow, padding_mode="zeros", align_corners=True)
        columns = columns.reshape(batch, groups, channels // groups, taps, height * width)
        shares = at_least_float32(mask).reshape(batch, groups, 1, taps, height * width)
        columns = (columns * shares).reshape(batch, channels * taps, height * width)
    out = weight.flatten(1) @ columns.to(feature.dtype)
    return out.reshape(batch, -1, height, width) + bias.to(out.dtype)[:, None, None]


def _places(offset: Tensor, groups: int, kernel: int) -> Tensor:
    """(B · groups, k² · H, W, 2) where each tap looks, as a flow: the taps below each other."""
    batch, _, height, width = offset.shape
    moved = offset.reshape(batch * groups, kernel * kernel, 2, height, width)
    reach = torch.arange(kernel, dtype=offset.dtype, device=offset.device) - kernel // 2
    rows, columns = reach.repeat_interleave(kernel), reach.repeat(kernel)
    y = (moved[:, :, 0] + rows[:, None, None]) * (2 / max(height - 1, 1))
    x = (moved[:, :, 1] + columns[:, None, None]) * (2 / max(width - 1, 1))
    flow = torch.stack([x, y], dim=-1) + identity_grid(height, width, offset)
    return flow.flatten(1, 2)


@functools.cache
def _compiled() -> Callable[..., Tensor] | None:
    """torchvision's function, None without it; a torchvision of another torch does not load."""
    try:
        return importlib.import_module("torchvision.ops").deform_conv2d
    except (ImportError, RuntimeError):
        return None


def _exported(
    feature: Tensor, weight: Tensor, bias: Tensor, offset: Tensor, mask: Tensor, groups: int
) -> Tensor:
    """One node `DeformConv`, by either of torch's exporters."""
    if not torch.compiler.is_exporting():
        return _Traced.apply(feature, weight, bias, offset, mask, groups)
    kernel = weight.shape[-1]
    # the standard wants one type, and offsets are computed in float32
    weight, bias, offset, mask = (each.to(feature.dtype) for each in (weight, bias, offset, mask))
    return torch.onnx.ops.symbolic(
        "DeformConv",
        [feature, weight, offset, bias, mask],
        {
            "kernel_shape": [kernel, kernel],
            "pads": [kernel // 2] * 4,
            "offset_group": groups,
        },
        dtype=feature.dtype,
        shape=[feature.shape[0], weight.shape[0], *feature.shape[2:]],
        version=OPSET,
    )


class _Traced(torch.autograd.Function):
    """The sampled form, which the exporter that traces (dynamo=False) writes as one node."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        del ctx
        return sampled_deform_conv2d(*given)

    @staticmethod
    def symbolic(
        g: Any, feature: Any, weight: Any, bias: Any, offset: Any, mask: Any, groups: int
    ) -> Any:
        kernel = weight.type().sizes()[-1]
        attributes = {
            "kernel_shape_i": [kernel, kernel],
            "pads_i": [kernel // 2] * 4,
            "offset_group_i": groups,
        }
        node = g.op("DeformConv", feature, weight, offset, bias, mask, **attributes)
        batch, _, height, width = feature.type().sizes()
        outputs = weight.type().sizes()[0]
        return node.setType(feature.type().with_sizes([batch, outputs, height, width]))
