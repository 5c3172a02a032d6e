"""What a lite network weighs and costs, part by part, counted as `summary` counts a PECHead.

Parameters are those of the form for inference: of each re-parameterised block one convolution.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from pechead_live.facemodel.condition import CONDITION_SIZE
from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.network import Lite
from pechead_live.model.lite.rep import fused
from pechead_live.model.summary import Row

PARTS = ("encoder", "keypoints", "motion_network", "decoder")
"""The network's parts, in the order of the data."""


def lite_summary(dimensions: LiteDimensions) -> list[Row]:
    """A row for each part; the keypoints' has both their runs."""
    d = dimensions
    with torch.device("meta"):
        network = fused(Lite(d).to("meta"))
        picture, condition = torch.empty(1, 3, d.size, d.size), torch.empty(1, CONDITION_SIZE)
        flow, share = torch.empty(1, d.grid, d.grid, 2), torch.empty(1, d.grid, d.grid)
    macs: Counter[str] = Counter()
    for part in PARTS:
        for layer in network.get_submodule(part).modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.register_forward_hook(_counting(macs, part))
    with torch.no_grad():
        source = network.encode(picture, condition)
        once = Counter(macs)
        network.step(source, condition, picture, flow, share, network.initial_state(1))
    each = macs - once
    return [
        Row(
            part,
            sum(p.numel() for p in network.get_submodule(part).parameters()),
            once[part],
            each[part],
        )
        for part in PARTS
    ]


def _counting(macs: Counter[str], part: str) -> Callable[[nn.Module, Any, Tensor], None]:
    def count(layer: nn.Module, given: Any, result: Tensor) -> None:
        del given
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        macs[part] += result.numel() * layer.weight[0].numel()

    return count
