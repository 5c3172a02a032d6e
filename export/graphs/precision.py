"""Half precision: the convolutions' weights and what flows between them, nothing that is a place.

A float16 near 1 steps by a 2048th, a sixteenth of a pixel at 256: flows, grids, keypoints and
conditions stay float32, where the network itself keeps them under autocast. E does as a whole:
instance normalisation over 4x4 maps is fragile in float16.
"""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from engines.manifest import NEXT
from export.parts.part import Part
from pechead_live.model.deformable import DeformableConvolution
from pechead_live.model.estimator import Estimator
from pechead_live.model.lite.keypoints import HeadKeypoints
from pechead_live.model.reconstructor import Reconstructor

HALF_PORTS = frozenset(
    "source_feature source_low state_feature state_hidden "
    "source_features_64 source_features_128 source_motion_features".split()
)
"""Ports that are float16, and their ``next_...``; all others are as in full precision."""

HALVED = (nn.Conv2d, nn.Linear, nn.BatchNorm2d, DeformableConvolution)
"""Layers that compute in float16, unless they lie in one of `WHOLE`."""

WHOLE = (Estimator, HeadKeypoints)
"""Modules that compute coordinates."""


def in_half(part: Part) -> Part:
    """A copy of ``part`` in float16 where that does no harm."""
    module = copy.deepcopy(part.module)
    _halve_below(module)
    inputs = {name: port.to(_dtype(name, port.dtype)) for name, port in part.inputs.items()}
    return part._replace(module=_Typed(module, part.outputs).eval(), inputs=inputs)


def _halve_below(module: nn.Module) -> None:
    for child in module.children():
        if isinstance(child, WHOLE):
            continue
        if isinstance(child, HALVED):
            child.half()
            if not isinstance(child, DeformableConvolution):
                child.register_forward_pre_hook(_as_half)
        elif isinstance(child, Reconstructor):
            _halve_below(child.trunk)
            child.heads.register_forward_pre_hook(_as_float)
        else:
            _halve_below(child)


def _as_half(layer: nn.Module, tensors: tuple[Any, ...]) -> tuple[Any, ...]:
    del layer
    return tuple(tensor.half() for tensor in tensors)


def _as_float(layer: nn.Module, tensors: tuple[Any, ...]) -> tuple[Any, ...]:
    del layer
    return tuple(tensor.float() for tensor in tensors)


class _Typed(nn.Module):
    """A part whose outputs have their ports' types, whatever it computed them in."""

    def __init__(self, module: nn.Module, outputs: tuple[str, ...]) -> None:
        super().__init__()
        self.module = module
        self.outputs = outputs

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        results = self.module(*tensors)
        return tuple(
            result.to(_dtype(name.removeprefix(NEXT), result.dtype))
            for name, result in zip(self.outputs, results, strict=True)
        )


def _dtype(port: str, dtype: torch.dtype) -> torch.dtype:
    if port in HALF_PORTS:
        return torch.float16
    return torch.float32 if dtype.is_floating_point else dtype
