"""Batches for networks whose pictures are smaller than those that are prepared."""

from torch import Tensor
from torch.nn import functional

from pechead_live.training.batches.batch import Batch
from pechead_live.training.batches.prefetch import BatchSource

PICTURES = ("source", "driving", "guide_picture")
"""Fields of `Batch` that hold pictures; coordinates are the same at every size."""


class Shrunk:
    """Another source's batches with pictures of ``size``; a multiple of it is averaged down."""

    def __init__(self, source: BatchSource, size: int) -> None:
        self._source, self._size = source, size

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """See `BatchSource.batch`."""
        batch = self._source.batch(step, rank, world)
        return batch._replace(
            **{name: shrink(getattr(batch, name), self._size) for name in PICTURES}
        )


def shrink(clips: Tensor, size: int) -> Tensor:
    """(B, T, 3, H, W) in [0, 1] to (B, T, 3, size, size)."""
    if clips.shape[-1] == size:
        return clips
    flat = functional.interpolate(clips.flatten(0, 1), (size, size), mode="area")
    return flat.unflatten(0, clips.shape[:2])
