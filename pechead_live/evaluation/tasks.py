"""The protocols as tasks, one a clip or portrait, and the files they are made of."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from pechead_live.errors import InputError
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.drift import measure_drift
from pechead_live.evaluation.editing import edit_portrait, edit_turned_frame
from pechead_live.evaluation.method import Method
from pechead_live.evaluation.reconstruction import reconstruct
from pechead_live.evaluation.reenactment import pairs, reenact
from pechead_live.evaluation.work import Task

Protocol = Literal["reconstruction", "reenactment", "editing", "ablation", "drift"]

CLIPS = (".mp4", ".mov", ".webm", ".mkv", ".avi")
PHOTOS = (".jpg", ".jpeg", ".png", ".webp")
"""By their endings, in any case."""

RECONSTRUCTION, REENACTMENT = "reconstruction ", "reenactment "
"""What the names of an ablation's tasks begin with."""


def clips_in(folder: Path, names: Sequence[str] | None) -> list[Path]:
    """The clips of ``folder`` or of its ``clips``, in order of their names; with ``names``
    (``v0000`` or ``v0000.mp4``) those. `InputError` for a name or a folder without."""
    found = _files(folder, "clips", CLIPS)
    if names is None:
        if not found:
            raise InputError(f"there are no clips in {folder}: give a folder of videos")
        return found
    for name in names:
        if not any(name in (path.stem, path.name) for path in found):
            raise InputError(f"there is no clip {name} in {folder}: give the name of a video there")
    return [path for path in found if path.stem in names or path.name in names]


def portraits_in(folder: Path, count: int = 0) -> list[Path]:
    """The first ``count`` photos (0: all) of ``folder`` or of its ``portraits``, by their names."""
    if count < 0:
        raise InputError(f"a portraits count of {count}: 0 takes all, more the first ones")
    found = _files(folder, "portraits", PHOTOS)
    if not found:
        raise InputError(f"there are no portraits in {folder}: give a folder of photos of faces")
    return found[:count] if count else found


def tasks_of(
    protocol: Protocol,
    clips: Sequence[Path],
    portraits: Sequence[Path],
    methods: Sequence[Method],
    config: EvaluationConfig,
    sheets: Path,
) -> dict[str, Task]:
    """Name to task; a name is a file name too. ``portraits`` only where the protocol has them."""
    assert protocol in get_args(Protocol)
    if protocol == "reconstruction":
        return _reconstructions(clips, methods, config, sheets)
    if protocol == "reenactment":
        return _reenactments(clips, portraits, methods, config, sheets)
    if protocol == "editing":
        return _edits(clips, portraits, methods, config, sheets)
    if protocol == "drift":
        return _drifts(clips, portraits, methods, config, sheets)
    rebuilt = _reconstructions(clips, methods, config, sheets / RECONSTRUCTION.strip())
    moved = _reenactments(clips, portraits, methods, config, sheets / REENACTMENT.strip())
    return _named(RECONSTRUCTION, rebuilt) | _named(REENACTMENT, moved)


def _reconstructions(
    clips: Sequence[Path], methods: Sequence[Method], config: EvaluationConfig, sheets: Path
) -> dict[str, Task]:
    return {
        clip.name: partial(reconstruct, clip, methods, config, _sheet(sheets, clip))
        for clip in clips
    }


def _reenactments(
    clips: Sequence[Path],
    portraits: Sequence[Path],
    methods: Sequence[Method],
    config: EvaluationConfig,
    sheets: Path,
) -> dict[str, Task]:
    chosen = pairs(clips, portraits, config.portraits_per_clip, config.seed)
    return {
        clip.name: partial(reenact, clip, several, methods, config, _sheet(sheets, clip))
        for clip, several in chosen.items()
    }


def _edits(
    clips: Sequence[Path],
    portraits: Sequence[Path],
    methods: Sequence[Method],
    config: EvaluationConfig,
    sheets: Path,
) -> dict[str, Task]:
    """Every portrait, and of every clip the most turned frame; each with the expressions of a clip
    drawn by the seed, for a clip's frame another clip if there is one."""
    order = np.random.default_rng(config.seed).permutation(len(clips)).tolist()
    ring = [clips[i] for i in order]
    tasks: dict[str, Task] = {}
    for i, path in enumerate(portraits):
        clip = ring[i % len(ring)]
        tasks[path.name] = partial(edit_portrait, path, clip, methods, config, _sheet(sheets, path))
    for i, path in enumerate(ring):
        clip = ring[(i + 1) % len(ring)]
        tasks[path.name] = partial(
            edit_turned_frame, path, clip, methods, config, _sheet(sheets, path)
        )
    return tasks


def _drifts(
    clips: Sequence[Path],
    portraits: Sequence[Path],
    methods: Sequence[Method],
    config: EvaluationConfig,
    sheets: Path,
) -> dict[str, Task]:
    """Every portrait with one clip, in turn."""
    return {
        path.name: partial(
            measure_drift, path, clips[i % len(clips)], methods, config, _sheet(sheets, path)
        )
        for i, path in enumerate(portraits)
    }


def _named(prefix: str, tasks: Mapping[str, Task]) -> dict[str, Task]:
    return {f"{prefix}{name}": task for name, task in tasks.items()}


def _sheet(sheets: Path, path: Path) -> Path:
    return sheets / f"{path.stem}.jpg"


def _files(folder: Path, inside: str, endings: Sequence[str]) -> list[Path]:
    try:
        below = folder / inside if (folder / inside).is_dir() else folder
        return sorted(p for p in below.iterdir() if p.suffix.lower() in endings and p.is_file())
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}): give a folder") from error
