"""`Faces`: batches for a network that reads pictures and draws none, so without guides.

Opening portraits and drawing guides is most of the work of `Examples`; R looks at neither.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pechead_live.facemodel.condition import condition_of
from pechead_live.training.batches.batch import Batch
from pechead_live.training.batches.colour import colour_matrix
from pechead_live.training.batches.examples import pictures_of, share_of, truth_of
from pechead_live.training.batches.sampling import Pick, SamplingConfig, picks, usable
from pechead_live.training.data.chunk import Chunk

GUIDE_SIDE = 64
"""Of a guide's flow and share, which stand still here."""


class Faces:
    """A pure function of the step, with the same frames in the same order as `Examples`.

    The driving frames stand for the sources and for what a guide would have drawn.
    """

    def __init__(self, chunks: Sequence[Chunk], config: SamplingConfig) -> None:
        """Raises `InputError` if no chunk can be used."""
        self._chunks, self._config = usable(chunks, config), config

    def batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """The share of process ``rank`` of ``world`` in the examples of ``step``."""
        mine = share_of(picks(self._chunks, self._config, step), rank, world)
        read = [self._read(pick) for pick in mine]
        pictures, condition, landmarks, identity = (
            torch.from_numpy(np.stack(column)) for column in zip(*read, strict=True)
        )
        flow, share = _still(*condition.shape[:2])
        return Batch(
            source=pictures,
            source_condition=condition,
            source_landmarks=landmarks,
            driving=pictures,
            driving_condition=condition,
            driving_landmarks=landmarks,
            truth_landmarks=landmarks,
            truth_condition=condition,
            identity=identity,
            guide_picture=pictures,
            guide_flow=flow,
            guide_share=share,
        )

    def _read(self, pick: Pick) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Pictures (T, 3, H, W), conditions (T, 61), landmarks (T, 70, 2) and identity (50,)."""
        chunk, mirrored = self._chunks[pick.portrait.chunk], pick.portrait.mirrored
        truths = [truth_of(chunk, place, mirrored) for place in pick.driving]
        colour = colour_matrix(np.random.default_rng(pick.colour_seed), self._config.jitter)
        return (
            pictures_of([pixels for pixels, _, _ in truths], colour),
            np.stack([condition_of(coefficients) for _, coefficients, _ in truths]),
            np.stack([landmarks for _, _, landmarks in truths]),
            truths[0][1].identity,
        )


def _still(examples: int, frames: int) -> tuple[Tensor, Tensor]:
    """Flow (B, T, 64, 64, 2) in which nothing moves, and a person's share of 1 everywhere."""
    line = torch.linspace(-1, 1, GUIDE_SIDE)
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    flow = torch.stack([columns, rows], dim=-1).expand(examples, frames, -1, -1, -1)
    return flow, torch.ones(()).expand(examples, frames, GUIDE_SIDE, GUIDE_SIDE)
