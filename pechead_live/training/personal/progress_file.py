"""How far a personalisation is, as one safetensors file, so that the next sitting goes on."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from pechead_live.errors import InputError
from pechead_live.model.tensor_file import check_finite, read_tensors
from pechead_live.training.run.durable_file import write_durably

FORMAT = "pechead-live personalisation"
FORMAT_VERSION = "1"

FILE = "state.safetensors"
"""In its folder."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What it is about; a state of another task is not gone on with."""

    avatar: str
    """Digest of the avatar."""

    clip: str
    """SHA-256 of the clip."""

    model: str
    """Such as "lite-s"."""

    weights: str
    """SHA-256 of the network's checkpoint."""

    settings: str
    """What the result depends on besides, as JSON."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How far it is."""

    step: int = 0
    """Steps done."""

    waited: int = 0
    """Looks since the best one."""

    best_step: int = 0
    """Steps done at the best look, 0 if nothing was better than the plain network."""

    before: dict[str, float] = field(default_factory=dict[str, float])
    """Figures of the plain network on the held-out frames."""

    after: dict[str, float] = field(default_factory=dict[str, float])
    """Figures of the best look."""


def write_progress(path: Path, task: Task, counts: Counts, tensors: dict[str, Tensor]) -> None:
    """Writes all of it or nothing; `OutputError` on a full disk."""
    check_finite(path, tensors)
    metadata = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "task": json.dumps(asdict(task)),
        "counts": json.dumps(asdict(counts)),
    }
    whole = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    write_durably(path, lambda part: save_file(whole, part, metadata=metadata))


def read_progress(path: Path, task: Task) -> tuple[Counts, dict[str, Tensor]] | None:
    """What `write_progress` wrote for ``task``; None if there is no file.

    `InputError` if it is damaged, or of another task.
    """
    if not path.exists():
        return None
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != FORMAT or metadata.get("version") != FORMAT_VERSION:
        raise InputError(f"{path} is no state of a personalisation: give another --run")
    try:
        found = Task(**json.loads(metadata["task"]))
        counts = Counts(**json.loads(metadata["counts"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} is damaged ({error}): remove it to begin anew, or give another --run"
        ) from error
    if found != task:
        others = [name for name, value in asdict(task).items() if asdict(found)[name] != value]
        raise InputError(
            f"{path} was begun with another {' and '.join(others)}: remove it to begin anew, or "
            "give another --run"
        )
    return counts, tensors
