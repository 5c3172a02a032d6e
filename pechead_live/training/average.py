"""The moving average of the weights: what is probed, exported and evaluated."""

import copy

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


def average_of(network: nn.Module) -> nn.Module:
    """A copy of ``network`` in evaluation mode, without gradients."""
    return copy.deepcopy(network).eval().requires_grad_(False)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """a ← decay · a + (1 − decay) · w for every parameter; buffers are copied."""
    towards = get_ema_multi_avg_fn(decay)
    weights = list(network.parameters())
    if weights:
        towards(list(average.parameters()), [w.detach() for w in weights], 0)
    for mine, theirs in zip(average.buffers(), network.buffers(), strict=True):
        mine.copy_(theirs)


def decay_at(step: int, decay: float) -> float:
    """Less at the start, so that a short run is not the average of its beginning.

    min(decay, (1 + step) / (10 + step)), as TensorFlow's ExponentialMovingAverage has it.
    """
    return min(decay, (1 + step) / (10 + step))
