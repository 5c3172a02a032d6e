"""Batches ahead of time: a step's batch is a pure function of its number, so anyone may make it.

That makes a run that is taken up again see what an unbroken one would have seen, and many
processes together what one would.
"""

import multiprocessing
from collections.abc import Generator
from typing import Protocol

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from pechead_live.errors import PecheadError
from pechead_live.training.batches.batch import Batch

AHEAD = 3
"""Batches that each worker keeps ready."""


class BatchSource(Protocol):
    """Where batches come from."""

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """The share of process ``rank`` of ``world``; joined over ranks, the batch of ``step``."""
        ...


def batches(
    source: BatchSource, steps: range, *, rank: int, world: int, workers: int, pinned: bool
) -> Generator[Batch]:
    """The batches of ``steps`` in order; ``pinned`` lays them where a GPU can fetch them itself."""
    loader = DataLoader(
        _Steps(source, steps, rank, world),
        batch_size=None,
        num_workers=workers,
        pin_memory=pinned,
        prefetch_factor=AHEAD if workers else None,
        worker_init_fn=_one_thread if workers else None,
        multiprocessing_context=_start_method() if workers else None,
    )
    for batch in loader:
        if isinstance(batch, _Failure):
            raise batch.error
        yield batch


def on_device(batch: Batch, device: torch.device) -> Batch:
    """``batch`` there; integers 0 to 255, a quarter of the way to carry, become [0, 1]."""
    return Batch(*(_moved(tensor, device) for tensor in batch))


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    there = tensor.to(device, non_blocking=True)
    return there if there.is_floating_point() else there.float() / 255


class _Failure:
    """An error with a sentence for the user, carried from a worker as it is."""

    def __init__(self, error: PecheadError) -> None:
        self.error = error


class _Steps(Dataset["Batch | _Failure"]):
    """The batches of a range of steps by their place in it."""

    def __init__(self, source: BatchSource, steps: range, rank: int, world: int) -> None:
        self._source, self._steps, self._rank, self._world = source, steps, rank, world

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, place: int) -> "Batch | _Failure":
        if not 0 <= place < len(self._steps):
            raise IndexError(place)
        try:
            return self._source.batch(self._steps[place], self._rank, self._world)
        except PecheadError as error:
            return _Failure(error)


def _start_method() -> str:
    """fork shares the data in memory with the workers; where there is none it is copied."""
    return "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"


def _one_thread(worker: int) -> None:
    """Workers share the cores among themselves; threads of the process they fork from are lost."""
    del worker
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
