"""What a PECHead weighs and costs, part by part: parameters, and multiply-accumulates by hooks.

Counted are convolutions, linear layers and the matrix product of the deformable convolutions;
normalisation, activation, resizing and grid sampling are not, as in the published tables. Nothing
is computed: the network is run on torch's `meta` device, where tensors have shapes only.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pechead_live.model.deformable import DeformableConvolution
from pechead_live.model.dimensions import Dimensions
from pechead_live.model.pechead import Driving, PECHead


class Row(NamedTuple):
    """One part."""

    part: str
    """As the paper calls it: ``mmfa.global.motion``."""

    parameters: int
    """Weights and biases."""

    source_macs: int
    """Multiply-accumulates for a portrait, once."""

    frame_macs: int
    """Multiply-accumulates for each driven frame."""


PARTS = {
    "encoder": "encoder",
    "estimator": "estimator",
    "mmfa.down": "mmfa.down",
    "mmfa.global.motion": "mmfa.global_branch.motion",
    "mmfa.local.motion": "mmfa.local_branch.motion",
    "mmfa.global.alignment": "mmfa.global_branch.alignment",
    "mmfa.local.alignment": "mmfa.local_branch.alignment",
    "mmfa.fuse": "mmfa",
    "cap.adapt": "cap.adapt",
    "cap.refine": "cap.refine",
    "cap.gru": "cap.gru",
    "decoder": "decoder",
}
"""Name to module. A layer belongs to the longest name that it lies below."""


def summary(dimensions: Dimensions) -> list[Row]:
    """A row for each part of the network of these dimensions, in the order of the data.

    E's row has both its runs: for k^s, once, and for k^d, each frame.
    """
    with torch.device("meta"):
        network = PECHead(dimensions).eval().to("meta")
        d = dimensions
        portrait = torch.empty(1, 3, d.size, d.size)
        condition = torch.empty(1, d.condition)
        landmarks = torch.empty(1, d.landmarks, 2)
        prior_flow = torch.empty(1, d.grid, d.grid, 2)
    macs: Counter[str] = Counter()
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | DeformableConvolution):
            layer.register_forward_hook(_counting(macs, _part_of(name)))
    with torch.no_grad():
        source = network.source(portrait, condition, landmarks)
        once = Counter(macs)
        driving = Driving(condition, landmarks, prior_flow)
        network.step(source, driving, network.initial_state(source))
    each = macs - once
    parameters: Counter[str] = Counter()
    for name, parameter in network.named_parameters():
        parameters[_part_of(name)] += parameter.numel()
    return [Row(part, parameters[part], once[part], each[part]) for part in PARTS]


def total(rows: list[Row]) -> Row:
    """Their sum."""
    columns = zip(*(row[1:] for row in rows), strict=True)
    return Row("all", *(sum(column) for column in columns))


def _part_of(name: str) -> str:
    below = [part for part, module in PARTS.items() if name.startswith(f"{module}.")]
    return max(below, key=lambda part: len(PARTS[part]))


def _counting(macs: Counter[str], part: str) -> Callable[[nn.Module, Any, Tensor], None]:
    def count(layer: nn.Module, given: Any, result: Tensor) -> None:
        del given
        weight = layer.weight
        assert isinstance(weight, Tensor)
        if isinstance(layer, nn.Linear):
            macs[part] += result.numel() * weight.shape[1]
        else:
            macs[part] += result.numel() * weight[0].numel()

    return count
