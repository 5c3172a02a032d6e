"""The folder of a run: what was asked, how it went, pictures, checkpoints."""

import io
import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pechead_live.errors import InputError
from pechead_live.training.config import TrainConfig
from pechead_live.training.run.durable_file import cannot_write, write_durably
from pechead_live.training.run.state_file import RunState, read_state

PACKAGES = ("pechead-live", "torch", "numpy", "safetensors", "mediapipe", "opencv-contrib-python")
"""Whose versions are noted."""

QUALITY = 90
"""Of the probe's JPEG pictures."""


def state_path(run: Path) -> Path:
    """Everything that is needed to go on."""
    return run / "checkpoints" / "state.safetensors"


def average_path(run: Path) -> Path:
    """The newest averaged weights."""
    return run / "checkpoints" / "ema.safetensors"


def best_path(run: Path) -> Path:
    """The averaged weights of the smallest validation error."""
    return run / "checkpoints" / "best.safetensors"


def make_folders(run: Path) -> None:
    """`OutputError` unless the run can be written there."""
    try:
        for name in ("checkpoints", "probe"):
            (run / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(run, error) from error


def state_of(run: Path, config: TrainConfig) -> RunState | None:
    """The state that the run in ``run`` goes on from; None for a new one.

    `InputError` if the folder holds a run of another preset or stage, or a longer one.
    """
    path = state_path(run)
    if not path.exists():
        return None
    state = read_state(path, preset=config.preset)
    if state.stage != config.stage:
        raise InputError(
            f"{run} holds a run of stage {state.stage}, not {config.stage}: give another folder "
            f"and start from its weights with --init {average_path(run)}"
        )
    if state.counts.step > config.steps:
        raise InputError(
            f"{run} has done {state.counts.step} steps already, more than the {config.steps} asked "
            "for: give more --steps, or another folder"
        )
    return state


def note_start(config: TrainConfig, losses: Mapping[str, Any], *, command: str, step: int) -> None:
    """config.json: the settings of the newest start, and one entry for each start so far.

    ``losses``: the weights of the recipe's losses.
    """
    path = config.run / "config.json"
    starts = _starts_in(path) if step else []
    starts.append(
        {
            "step": step,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command,
            "revision": _revision(),
            "python": platform.python_version(),
            "packages": _versions(),
        }
    )
    content = {"config": asdict(config), "losses": dict(losses), "starts": starts}
    text = json.dumps(content, indent=1, default=str)
    write_durably(path, lambda part: _write_bytes(part, text.encode()))


def write_probe(run: Path, step: int, grid: npt.NDArray[np.uint8]) -> None:
    """probe/step-000123.jpg from (H, W, 3) RGB."""
    buffer = io.BytesIO()
    Image.fromarray(grid).save(buffer, "JPEG", quality=QUALITY)
    path = run / "probe" / f"step-{step:06d}.jpg"
    write_durably(path, lambda part: _write_bytes(part, buffer.getvalue()))


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _starts_in(path: Path) -> list[dict[str, Any]]:
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["starts"])
    except (OSError, ValueError, KeyError, TypeError):  # lost or damaged: it is only a note
        return []


def _versions() -> dict[str, str]:
    installed = {found.metadata["Name"]: found.version for found in metadata.distributions()}
    return {name: installed[name] for name in PACKAGES if name in installed}


def _revision() -> str | None:
    """The commit of a checkout, "+changes" if files differ from it; None where it is installed."""
    folder = Path(__file__).resolve().parent
    if not _git(folder, "ls-files", Path(__file__).name):
        return None
    head = _git(folder, "rev-parse", "--short=12", "HEAD")
    return f"{head}+changes" if _git(folder, "status", "--porcelain") else head or None


def _git(folder: Path, *words: str) -> str:
    try:
        run = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""
