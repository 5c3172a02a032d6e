"""All checkpoints on the test clips: ``pechead-live evaluate ablation``, unless it is done."""

import json
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ablation.child import command
from benchmarks.ablation.schedule import Schedule
from benchmarks.ablation.trainings import CLIPS, TITLES, Training
from engines.manifest import sha256_of
from pechead_live.evaluation.tasks import clips_in, portraits_in
from pechead_live.training.run.folder import average_path


def table_folder(runs: Path) -> Path:
    """Where table.md, table.json and the sheets are, which show the people of the test clips."""
    return runs / "table"


def checkpoints(trainings: Sequence[Training]) -> list[tuple[str, Path]]:
    """Row and weights after clips, one a seed: setting by setting, in the paper's order."""
    return [
        (title, average_path(training.run))
        for setting, title in TITLES.items()
        for training in trainings
        if training.setting == setting and training.stage == CLIPS
    ]


def words_of(trainings: Sequence[Training], schedule: Schedule, test: Path, out: Path) -> list[str]:
    """The arguments of ``pechead-live`` that make the table."""
    words = ["evaluate", "ablation", "--data", str(test), "-o", str(out)]
    words += ["--workers", "1", "--resume", "--frames", str(schedule.test_frames)]
    words += ["--portraits-per-clip", str(schedule.portraits)]
    for title, weights in checkpoints(trainings):
        words += ["--method", f"{title}:{schedule.preset}={weights}"]
    return words


def evaluate_all(
    trainings: Sequence[Training],
    schedule: Schedule,
    test: Path,
    *,
    threads: int,
    stop: threading.Event,
    deadline: float | None,
) -> Generator[None]:
    """Runs it; yields now and then. What an early end has measured is kept for the next time."""
    runs = trainings[0].run.parent
    words = words_of(trainings, schedule, test, table_folder(runs))
    log = runs / "evaluation.log"
    yield from command(words, log, threads=threads, stop=stop, deadline=deadline)


def table_of(
    trainings: Sequence[Training], schedule: Schedule, test: Path, runs: Path
) -> dict[str, Any] | None:
    """The table's JSON; None unless it is of these checkpoints, clips and settings."""
    try:
        table = json.loads((table_folder(runs) / "table.json").read_text(encoding="utf-8"))
        found: dict[str, Any] = table["settings"]
        measured = list(found["methods"].values())
        amounts = (found["frames"], found["portraits_per_clip"], found["files"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # not made yet, or cut off: it is made anew
    files = {p.name: p.stat().st_size for p in (*clips_in(test, None), *portraits_in(test))}
    wanted = [sha256_of(weights) for _, weights in checkpoints(trainings)]
    same = amounts == (schedule.test_frames or None, schedule.portraits, files)
    return table if same and measured == wanted else None
