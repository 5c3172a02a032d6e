"""metrics.jsonl: one JSON line for each logged step and each look at the held-out people."""

import contextlib
import json
import logging
import math
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pechead_live.errors import InputError
from pechead_live.training.run.durable_file import append_line, cannot_write, write_durably

logger = logging.getLogger(__name__)

STEP_FIELDS = (
    "step",  # steps done, from 1
    "seconds",  # of training, over all sittings
    "loss",  # sum of the terms; null if it was not finite, as any other number here
    "terms",  # name to weighted loss
    "learning_rate",
    "gradient_norm",  # before it was shortened
    "samples_per_second",
    "bad_steps",  # skipped so far
)
"""Keys of a step's line, in order."""

LOOK_FIELDS = ("step", "seconds", "validation")
"""Keys of a look's line; "validation" maps a measure to its value."""


class Board(Protocol):
    """The part of TensorBoard's SummaryWriter that is used."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """A point of a curve."""
        ...

    def add_image(
        self, tag: str, img_tensor: npt.NDArray[np.uint8], global_step: int, *, dataformats: str
    ) -> None:
        """A picture."""
        ...

    def close(self) -> None:
        """Writes what is left."""
        ...


class MetricsLog:
    """Lines in a file, and curves in TensorBoard where it is installed."""

    def __init__(self, folder: Path, *, after: int) -> None:
        """Opens the log of a run that goes on ``after`` so many steps; later lines are dropped."""
        self._path = folder / "metrics.jsonl"
        keep_until(self._path, after)
        self._board = _open_board(folder / "tensorboard", after)

    def write(self, line: Mapping[str, Any]) -> None:
        """One line; numbers that are not finite become null."""
        append_line(self._path, json.dumps(_plain(line)))
        with self._writing() as board:
            if board is not None:
                for tag, value in _curves("", line):
                    board.add_scalar(tag, value, int(line["step"]))

    def picture(self, name: str, pixels: npt.NDArray[np.uint8], step: int) -> None:
        """(H, W, 3) uint8 RGB, for TensorBoard."""
        with self._writing() as board:
            if board is not None:
                board.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Finishes TensorBoard's file."""
        with self._writing() as board:
            if board is not None:
                board.close()

    @contextlib.contextmanager
    def _writing(self) -> Generator[Board | None]:
        """TensorBoard writes in a thread and reports a full disk at any later call."""
        try:
            yield self._board
        except OSError as error:
            self._board = None
            raise cannot_write(self._path.parent / "tensorboard", error) from error


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a metrics.jsonl; one that was cut off by a crash ends the list."""
    lines: list[dict[str, Any]] = []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}): give the folder of a run") from error
    for row in text.splitlines():
        try:
            line = json.loads(row)
        except (ValueError, RecursionError):
            break
        if not (isinstance(line, dict) and isinstance(line.get("step"), int)):
            break
        lines.append(line)
    return lines


def keep_until(path: Path, step: int) -> None:
    """Drops lines of steps that a run did after its last checkpoint: it will do them again."""
    if path.is_file():
        kept = [line for line in read_metrics(path) if line["step"] <= step]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        write_durably(path, lambda part: _write_text(part, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _open_board(folder: Path, after: int) -> Board | None:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        logger.info("no TensorBoard events: pip install tensorboard to have them")
        return None
    try:
        return SummaryWriter(str(folder), purge_step=after + 1)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _curves(name: str, value: Any) -> list[tuple[str, float]]:
    if isinstance(value, Mapping):
        return [
            curve
            for key, below in value.items()
            if key != "step"
            for curve in _curves(f"{name}/{key}".lstrip("/"), below)
        ]
    return [(name, float(value))] if value is not None and math.isfinite(value) else []


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
