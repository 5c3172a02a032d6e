"""A sitting: the trainings that are left, one after the other, until they or the minutes end."""

import threading
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.ablation.child import command
from benchmarks.ablation.schedule import Schedule
from benchmarks.ablation.trainings import (
    Done,
    Training,
    check_alike,
    done_of,
    is_finished,
    words_of,
)

SHORTEST_MINUTES = 0.05
"""Less is not worth opening the data."""


class Look(NamedTuple):
    """How far the trainings are."""

    training: Training
    """The one that runs, or has just ended."""

    steps: int
    """That it has done."""

    finished: int
    """Trainings."""

    pictures: int
    """That were drawn, in all of them."""

    seconds_left: float | None
    """Of all of them; None before there is anything to go by."""


def train_all(
    trainings: Sequence[Training],
    schedule: Schedule,
    data: Path,
    *,
    threads: int,
    stop: threading.Event,
    deadline: float | None,
) -> Generator[Look]:
    """Runs what is not finished; yields now and then, and whenever one ends.

    ``deadline`` (``time.monotonic()``) and ``stop`` end it early; what was begun goes on another
    time. Raises `InputError` for a folder with another run, `CommandError` when one fails.
    """
    for training in trainings:
        check_alike(training, schedule, data)
    done = {t: done_of(t) for t in trainings if is_finished(t, schedule.preset)}
    log = trainings[0].run.parent / "trainings.log"
    for training in trainings:
        if training in done:
            continue
        minutes = None if deadline is None else (deadline - time.monotonic()) / 60
        if stop.is_set() or (minutes is not None and minutes < SHORTEST_MINUTES):
            return
        words = words_of(training, schedule, data)
        if minutes is not None:
            words += ["--minutes", f"{minutes:.2f}"]
        for _ in command(words, log, threads=threads, stop=stop, deadline=deadline):
            yield _look(training, trainings, done)
        if not is_finished(training, schedule.preset):
            return
        done[training] = done_of(training)
        yield _look(training, trainings, done)


def _look(training: Training, every: Sequence[Training], ended: Mapping[Training, Done]) -> Look:
    """``ended``: those that need not be read again."""
    done = {t: ended[t] if t in ended else done_of(t) for t in every}
    pictures = sum(done[t].steps * t.batch * t.frames for t in every)
    return Look(training, done[training].steps, len(ended), pictures, seconds_left(done))


def seconds_left(done: Mapping[Training, Done]) -> float | None:
    """At the pace of each stage and setting so far; of one that has not begun, at that of its
    stage, else of its setting, else of all. None when nothing has begun."""
    total = 0.0
    for t, (steps, _) in done.items():
        left = (t.steps - steps) * t.batch * t.frames
        if left <= 0:
            continue
        nearest = (
            [x for x in done if (x.stage, x.setting) == (t.stage, t.setting)],
            [x for x in done if x.stage == t.stage],
            [x for x in done if x.setting == t.setting],
            list(done),
        )
        pace = next((found for like in nearest if (found := _pace(like, done)) is not None), None)
        if pace is None:
            return None
        total += left * pace
    return total


def _pace(like: Sequence[Training], done: Mapping[Training, Done]) -> float | None:
    """Seconds a picture; None if nothing was drawn, or no time noted."""
    pictures = sum(done[t].steps * t.batch * t.frames for t in like)
    seconds = sum(done[t].seconds for t in like)
    return seconds / pictures if pictures and seconds else None
