"""A PECHead as lite's teacher: its picture and its local flow for each frame."""

from typing import NamedTuple

import torch
from torch import Tensor

from pechead_live.model.pechead import PECHead
from pechead_live.training.batches.batch import Batch
from pechead_live.training.recipes.pechead_play import play, play_pairs


class Lesson(NamedTuple):
    """What the teacher shows."""

    pictures: Tensor
    """(B, T, 3, H, W) RGB in [0, 1]."""

    flow: Tensor
    """(B, T, h, h, 2) w_l, backward, absolute."""


@torch.no_grad()
def teach(teacher: PECHead, batch: Batch) -> Lesson:
    """Clips with context from zeros on, single pictures without."""
    teacher.eval()
    clips = batch.driving.shape[1] > 1
    outputs = play(teacher, batch).outputs if clips else play_pairs(teacher, batch).outputs
    return Lesson(
        torch.stack([output.picture.float() for output in outputs], dim=1),
        torch.stack([output.motion.local_flow for output in outputs], dim=1),
    )
