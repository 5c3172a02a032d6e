"""What recipes on clips have in common: states carried on, and normalisation that stands still."""

import random

from torch import nn

from pechead_live.training.batches.batch import Batch

CARRIED = 0.5
"""Share of the steps on clips that do not start from zeros but from a state carried so far, as most
frames of a live run do."""

FROZEN_FROM = 0.8
"""Share of a run after which batch normalisation keeps its statistics."""


def starts_carried(batch: Batch) -> bool:
    """Whether this step plays the clip backwards first; the same in all processes."""
    return batch.driving.shape[1] > 1 and random.random() < CARRIED


def backwards(batch: Batch) -> Batch:
    """The clip in reverse: played before the clip itself it leaves a state that fits its start."""
    moving = batch.source.shape[1] > 1
    turned = {
        name: value.flip(1)
        for name, value in batch._asdict().items()
        if name != "identity" and (moving or not name.startswith("source"))
    }
    return batch._replace(**turned)


def source_place(batch: Batch, t: int) -> int:
    """Which of the batch's source frames belongs to driving frame ``t``."""
    return t if batch.source.shape[1] > 1 else 0


def set_training(network: nn.Module, *, frozen: bool) -> None:
    """Training mode; ``frozen``: batch normalisation uses and keeps the statistics it has."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and frozen:
            module.eval()
