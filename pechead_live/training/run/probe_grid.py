"""A look at people who are never trained on: how far off the pictures are, and a grid of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from pechead_live.training.batches.batch import Batch
from pechead_live.training.batches.prefetch import on_device
from pechead_live.training.recipes.recipe import Recipe

ROWS = 8
"""Examples in the grid."""


DRAWING = ("pechead", "lite", "baseline")
"""Kinds of network whose pictures are compared with the truth."""


class Look(NamedTuple):
    """What a look has seen."""

    errors: dict[str, float]
    """Mean absolute difference to the truth in [0, 1]: "l1" drawn, "guide_l1" geometry alone;
    empty for a network that draws something else than the truth."""

    grid: npt.NDArray[np.uint8]
    """(rows · H, 4 W, 3) RGB: source | driving | guide | drawn."""


@torch.no_grad()
def look(
    recipe: Recipe, network: nn.Module, held_out: Sequence[Batch], device: torch.device
) -> Look:
    """Draws every batch of ``held_out`` with ``network``, which is in evaluation mode."""
    compared = recipe.kind in DRAWING
    drawn_error = guide_error = 0.0
    rows: list[npt.NDArray[np.uint8]] = []
    for batch in held_out:
        there = on_device(batch, device)
        drawn = recipe.draw(network, there).float()
        drawn_error += float((drawn - there.driving).abs().mean())
        guide_error += float((there.guide_picture - there.driving).abs().mean())
        if len(rows) < ROWS:
            rows += grid_rows(there, drawn)[: ROWS - len(rows)]
    count = max(1, len(held_out))
    errors = {"l1": drawn_error / count, "guide_l1": guide_error / count}
    return Look(errors if compared else {}, np.concatenate(rows))


def grid_rows(batch: Batch, drawn: Tensor) -> list[npt.NDArray[np.uint8]]:
    """A row (H, 4 W, 3) for each example, of its last frame. ``drawn`` (B, T, 3, H, W)."""
    columns = (batch.source[:, 0], batch.driving[:, -1], batch.guide_picture[:, -1], drawn[:, -1])
    beside = torch.cat([column.float() for column in columns], dim=3)
    pixels = (beside.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return list(pixels)
