"""The trainings of a table: which there are, with which arguments, and how far each one is."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from benchmarks.ablation.schedule import Schedule
from pechead_live.errors import InputError
from pechead_live.model.checkpoint import load_checkpoint
from pechead_live.training.losses.weights import LOSSES
from pechead_live.training.recipes.chosen import changed, usual_losses
from pechead_live.training.run.folder import average_path
from pechead_live.training.run.metrics_log import read_metrics
from pechead_live.training.stages import defaults_for

TITLES = {
    "kp": "KP",
    "lmk": "LMK",
    "direct": "Direct",
    "featcat": "FeatCat",
    "mmfa": "MMFA",
    "full": "Full",
}
"""Setting of ``pechead-live train`` to its name in table 4, in the paper's order."""

PAIRS, CLIPS = "1a", "2"
"""The two stages."""


class Training(NamedTuple):
    """One run of ``pechead-live train``."""

    setting: str
    seed: int
    stage: str
    run: Path
    """Its folder; the pairs' name ends in ``-pairs``."""

    steps: int
    batch: int
    frames: int

    rate: float | None
    """Learning rate; None is the stage's own."""

    start: Path | None
    """Weights of the same setting and seed after pairs, for clips."""

    @property
    def title(self) -> str:
        """Such as "Full, seed 0, clips"."""
        kind = "pairs" if self.stage == PAIRS else "clips"
        return f"{TITLES[self.setting]}, seed {self.seed}, {kind}"

    @property
    def pictures(self) -> int:
        """That all its steps draw: what its time is in proportion to."""
        return self.steps * self.batch * self.frames


def trainings_of(
    schedule: Schedule, settings: Sequence[str], seeds: Sequence[int], runs: Path
) -> list[Training]:
    """Two for each setting and seed, in the order in which they are made: seed after seed, so that
    the settings are soon there once; clips follow their pairs."""
    return [
        training
        for seed in seeds
        for setting in settings
        for training in _pair(schedule, setting, seed, runs)
    ]


def _pair(schedule: Schedule, setting: str, seed: int, runs: Path) -> Iterator[Training]:
    s = schedule
    first, then = runs / f"{setting}-{seed}-pairs", runs / f"{setting}-{seed}"
    yield Training(setting, seed, PAIRS, first, s.steps_pairs, s.batch_pairs, 1, s.rate_pairs, None)
    start = average_path(first)
    yield Training(setting, seed, CLIPS, then, s.steps_clips, s.batch_clips, s.frames, None, start)


def words_of(training: Training, schedule: Schedule, data: Path) -> list[str]:
    """The arguments of ``pechead-live`` that make it, or go on with it."""
    words = ["train", "--preset", schedule.preset, "--stage", training.stage]
    words += ["--setting", training.setting, "--seed", str(training.seed)]
    words += ["--steps", str(training.steps), "--batch", str(training.batch)]
    words += ["--frames", str(training.frames)]
    if training.rate is not None:
        words += ["--learning-rate", f"{training.rate:g}"]
    if schedule.losses is not None:
        words += ["--losses", schedule.losses]
    for name, weight in schedule.changes.items():
        words += ["--loss", f"{name}={weight:g}"]
    words += [*schedule.machine, "--data", str(data), "--run", str(training.run)]
    return words if training.start is None else [*words, "--init", str(training.start)]


class Done(NamedTuple):
    """How far a training is."""

    steps: int
    seconds: float
    """On those steps, over all sittings; opening the data is not among them."""


def done_of(training: Training) -> Done:
    """As far as its folder's last line says; nothing for one that has not begun."""
    log = training.run / "metrics.jsonl"
    lines = read_metrics(log) if log.is_file() else []
    return Done(
        steps=max((line["step"] for line in lines), default=0),
        seconds=max((line["seconds"] for line in lines), default=0.0),
    )


def is_finished(training: Training, preset: str) -> bool:
    """Whether the weights after its last step are there."""
    weights = average_path(training.run)
    if not weights.exists():
        return False
    return load_checkpoint(weights, "pechead", preset).extra.get("step") == str(training.steps)


def held_out_l1(training: Training) -> list[tuple[int, float]]:
    """(step, L1 of held-out people in [0, 1]) of each look at them."""
    lines = read_metrics(training.run / "metrics.jsonl")
    looks = [(line["step"], line["validation"].get("l1")) for line in lines if "validation" in line]
    return [(step, round(l1, 5)) for step, l1 in looks if l1 is not None]


def check_alike(training: Training, schedule: Schedule, data: Path) -> None:
    """`InputError` if its folder holds a run that was trained otherwise than ``schedule`` says:
    the table would compare what is not equal."""
    path = training.run / "config.json"
    if not path.is_file():
        return
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = {**content["config"], **content["losses"]}
        found["data"] = PurePath(found["data"]).name
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error!r}): remove {training.run}") from error
    for name, wanted in _asked(training, schedule, data).items():
        if found.get(name) != wanted:
            raise InputError(
                f"{training.run} was trained with {name} {found.get(name)}, not {wanted}: give "
                "another --runs, or remove that folder"
            )


def _asked(training: Training, schedule: Schedule, data: Path) -> dict[str, Any]:
    """As config.json has it."""
    losses = LOSSES[schedule.losses or usual_losses(schedule.preset, training.stage)]
    weights = changed(losses, schedule.changes)
    usual = defaults_for(schedule.preset, training.stage).learning_rate
    return {
        "preset": schedule.preset,
        "stage": training.stage,
        "setting": training.setting,
        "seed": training.seed,
        "steps": training.steps,
        "batch": training.batch,
        "frames": training.frames,
        "learning_rate": usual if training.rate is None else training.rate,
        "data": data.name,
        **json.loads(json.dumps(asdict(weights))),
    }
