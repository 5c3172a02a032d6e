"""`SyntheticBatches`: smooth random pictures for tests and benchmarks, without any footage."""

import torch
from torch import Tensor
from torch.nn import functional

from pechead_live.coefficients import IDENTITY_SIZE
from pechead_live.facemodel.condition import CONDITION_MEAN, CONDITION_SIZE, CONDITION_STD
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.training.batches.batch import Batch

GUIDE_SIDE = 64
"""Of the guide's flow, whatever the pictures' size."""


class SyntheticBatches:
    """A `BatchSource`. The truth is the source moved a little and tinted, the guide only moved."""

    def __init__(self, batch: int, *, frames: int = 1, size: int = 64) -> None:
        """``batch`` examples a step of ``frames`` frames; pictures of ``size`` pixels."""
        self._batch, self._frames, self._size = batch, frames, size

    def batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """See `BatchSource.batch`."""
        share = self._batch // world
        first = step * self._batch + rank * share
        examples = [self._example(first + i) for i in range(share)]
        return Batch(*(torch.stack(tensors) for tensors in zip(*examples, strict=True)))

    def _example(self, number: int) -> Batch:
        """One example, without the first dimension."""
        random = torch.Generator().manual_seed(number)
        T, side = self._frames, self._size

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=random)

        source = _enlarged(torch.rand(1, 3, 4, 4, generator=random), side)
        shift = 0.05 * normal(T, 1, 1, 2)
        guide = functional.grid_sample(
            source.expand(T, -1, -1, -1), _lattice(side) + shift, align_corners=True
        )
        truth = (guide * 0.8 + 0.1 * torch.rand(3, 1, 1, generator=random)).clamp(0, 1)
        condition = torch.from_numpy(CONDITION_MEAN) + torch.from_numpy(CONDITION_STD) * normal(
            T + 1, CONDITION_SIZE
        )
        landmarks = 0.3 * normal(1, len(NETWORK_LANDMARKS), 2)
        driven = landmarks - shift[:, 0]
        share = _enlarged(torch.rand(T, 1, 4, 4, generator=random), GUIDE_SIDE)[:, 0]
        return Batch(
            source=source,
            source_condition=condition[:1],
            source_landmarks=landmarks,
            driving=truth,
            driving_condition=condition[1:],
            driving_landmarks=driven,
            truth_landmarks=driven,
            truth_condition=condition[1:],
            identity=normal(IDENTITY_SIZE),
            guide_picture=guide,
            guide_flow=_lattice(GUIDE_SIDE) + shift,
            guide_share=share,
        )


def _enlarged(pictures: Tensor, side: int) -> Tensor:
    size = (side, side)
    return functional.interpolate(pictures, size, mode="bilinear", align_corners=True)


def _lattice(side: int) -> Tensor:
    """(1, side, side, 2) of (x, y) in [-1, 1]."""
    line = torch.linspace(-1, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1)[None]
