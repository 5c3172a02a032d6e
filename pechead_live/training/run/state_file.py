"""The state of a run as one safetensors file: weights, their average, Adam's memory, counts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from pechead_live.errors import InputError
from pechead_live.model.tensor_file import check_finite, read_tensors
from pechead_live.training.run.durable_file import write_durably

FORMAT = "pechead-live training state"
FORMAT_VERSION = "1"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How far a run is."""

    step: int = 0
    """Steps done; the next has this number."""

    seconds: float = 0.0
    """Time spent, over all sittings."""

    bad_steps: int = 0
    """Steps that were skipped because the loss or a gradient was not finite."""

    best: float | None = None
    """Smallest validation error so far."""

    def __post_init__(self) -> None:
        for value in (self.step, self.seconds, self.bad_steps, self.best or 0.0):
            if not value >= 0:
                raise ValueError(f"{self}: each must be a number of at least 0")


@dataclass(frozen=True, kw_only=True, eq=False)
class RunState:
    """What `write_state` has written."""

    preset: str
    """Of the network."""

    stage: str
    """Of the run."""

    dimensions: str = ""
    """Of the network, as JSON; empty in a file that does not say."""

    counts: Counts
    """How far it is."""

    tensors: dict[str, Tensor]
    """All of them; a name starts with what it belongs to, such as ``network.``."""


def write_state(path: Path, state: RunState) -> None:
    """Writes all of ``state`` or nothing; `OutputError` on a full disk, `InputError` if a weight
    is not finite."""
    check_finite(path, state.tensors)
    metadata = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "preset": state.preset,
        "stage": state.stage,
        "dimensions": state.dimensions,
        "counts": json.dumps(asdict(state.counts)),
    }
    tensors = {
        name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.tensors.items()
    }
    write_durably(path, lambda part: save_file(tensors, part, metadata=metadata))


def read_state(path: Path, *, preset: str) -> RunState:
    """`InputError` in one sentence for another preset, a damaged file and a pickle."""
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != FORMAT or metadata.get("version") != FORMAT_VERSION:
        raise InputError(
            f"{path} is not the state of a training run that this program can go on with: "
            "give the checkpoints/state.safetensors of a run"
        )
    if metadata.get("preset") != preset:
        raise InputError(
            f"{path} is of preset '{metadata.get('preset')}', not '{preset}': give that preset, "
            "or another folder"
        )
    try:
        counts = Counts(**json.loads(metadata["counts"]))
        stage = metadata["stage"]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} does not say how far its run is: copy it again") from error
    dimensions = metadata.get("dimensions", "")
    return RunState(
        preset=preset, stage=stage, dimensions=dimensions, counts=counts, tensors=tensors
    )


def is_state(path: Path) -> bool:
    """True for the state of a run, False for any other safetensors file."""
    return read_tensors(path).metadata.get("format") == FORMAT


def below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those whose name starts with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """``tensors`` with ``prefix`` before each name."""
    return {prefix + name: tensor for name, tensor in tensors.items()}
