"""One process or many: what torchrun has started, and the few things they tell each other."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import distributed

from pechead_live.errors import DeviceError, InputError


class Processes(NamedTuple):
    """This process among all that train together."""

    rank: int
    """0 is the one that writes."""

    world: int
    """How many there are."""

    device: torch.device
    """Where this one computes."""

    @property
    def writes(self) -> bool:
        """True for the one that writes files."""
        return self.rank == 0


@contextmanager
def processes(device: str = "auto") -> Generator[Processes]:
    """Joins the others if torchrun has started some: nccl between GPUs, gloo between CPUs.

    ``device``: auto, cpu, cuda or cuda:N; under torchrun each process takes the GPU of its number.
    """
    world, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    chosen = _device(device, int(os.environ.get("LOCAL_RANK", "0")) if world > 1 else 0)
    if world == 1:
        yield Processes(0, 1, chosen)
        return
    distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Processes(rank, world, chosen)
    finally:
        distributed.destroy_process_group()


def anywhere(flags: list[bool], here: Processes) -> list[bool]:
    """Which of ``flags`` are true in any process; all must ask at the same place."""
    if here.world == 1:
        return flags
    told = torch.tensor(flags, dtype=torch.float32, device=here.device)
    distributed.all_reduce(told, distributed.ReduceOp.MAX)
    return [bool(value) for value in told.tolist()]


def mean_over_processes(values: torch.Tensor, here: Processes) -> torch.Tensor:
    """The mean of ``values`` over the processes; all must ask at the same place."""
    if here.world == 1:
        return values
    total = values.clone()
    distributed.all_reduce(total)
    return total / here.world


def _device(name: str, local_rank: int) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"device is {name!r}: give auto, cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"device is {name!r}: give auto, cpu, cuda or cuda:N")
    if device.type == "cuda":
        number = local_rank if ":" not in name else device.index
        device = torch.device("cuda", number)
        found = torch.cuda.device_count()
        if number >= found:
            raise DeviceError(
                f"{device} is asked for and torch sees {found} GPUs: use --device cpu"
            )
        torch.cuda.set_device(device)
    return device
