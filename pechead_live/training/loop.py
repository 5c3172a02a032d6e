"""The training loop: step after step, with checkpoints, metrics and looks in between."""

import contextlib
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Generator
from dataclasses import replace
from typing import NamedTuple

import torch

from pechead_live.errors import InputError
from pechead_live.training.batches.batch import Batch
from pechead_live.training.batches.prefetch import BatchSource, batches, on_device
from pechead_live.training.config import TrainConfig
from pechead_live.training.distributed import Processes, anywhere, mean_over_processes
from pechead_live.training.learner import Learned, Learner
from pechead_live.training.optimiser import learning_rate
from pechead_live.training.recipes.recipe import Recipe
from pechead_live.training.run.probe_grid import look
from pechead_live.training.run.record import RunRecord
from pechead_live.training.run.state_file import Counts
from pechead_live.training.start import begin

logger = logging.getLogger(__name__)

PACE_STEPS = 50
"""Steps whose time makes the rate that is shown."""


class Report(NamedTuple):
    """One step, for whoever watches."""

    step: int
    """Steps done, of ``steps``."""

    steps: int
    """Of the whole run."""

    loss: float
    """Not finite if the step was skipped."""

    samples_per_second: float
    """Over all processes, of the last steps."""

    seconds_left: float
    """Of the run, or of the minutes that it has."""

    bad_steps: int
    """Skipped so far."""


def train(
    config: TrainConfig,
    recipe: Recipe,
    source: BatchSource,
    validation: BatchSource | None,
    here: Processes,
    *,
    stop: threading.Event | None = None,
    command: str = "",
) -> Generator[Report]:
    """Trains until the last step, until ``config.minutes`` are over or until ``stop`` is set.

    A folder that holds a checkpoint is continued. The loop runs while the reports are taken; all
    files are complete when they end. Raises `InputError` when the loss stays without a finite
    value, `OutputError` on a full disk: the last checkpoint is whole in both cases.
    """
    _check_split(config, here)
    learner = Learner(recipe, config, here)
    counts = begin(learner, recipe, config)
    record = RunRecord(config, recipe, after=counts.step, command=command) if here.writes else None
    held_out: list[Batch] = []
    if record is not None and validation is not None:
        held_out = [validation.batch(i, 0, 1) for i in range(config.validation_batches)]
    run = _Run(config, recipe, learner, record, held_out, here, counts)
    with contextlib.closing(record) if record is not None else contextlib.nullcontext():
        yield from run.reports(source, stop or threading.Event())


class _Run:
    """A sitting: what one call of `train` does."""

    def __init__(
        self,
        config: TrainConfig,
        recipe: Recipe,
        learner: Learner,
        record: RunRecord | None,
        held_out: list[Batch],
        here: Processes,
        counts: Counts,
    ) -> None:
        self._config, self._recipe, self._learner = config, recipe, learner
        self._record, self._held_out, self._here = record, held_out, here
        self._counts = counts
        self._started = self._saved = self._looked = time.monotonic()
        self._earlier = counts.seconds
        self._ends = deque[float](maxlen=PACE_STEPS)

    def reports(self, source: BatchSource, stop: threading.Event) -> Generator[Report]:
        """Step after step."""
        config, here = self._config, self._here
        if self._counts.step == 0:
            self._look()  # what the untrained network draws, to compare with
        steps = range(self._counts.step, config.steps)
        pinned = here.device.type == "cuda"
        ahead = batches(
            source, steps, rank=here.rank, world=here.world, workers=config.workers, pinned=pinned
        )
        in_a_row = 0
        self._ends.append(time.monotonic())
        with contextlib.closing(ahead):
            for step, batch in zip(steps, ahead, strict=True):
                learned = self._learner.learn(on_device(batch, here.device), step)
                self._count(learned)
                in_a_row = 0 if learned.good else in_a_row + 1
                self._check_bad(in_a_row)
                self._log(learned)
                self._save_and_look_when_due()
                yield self._report(learned)
                if any(anywhere([stop.is_set(), self._time_is_up()], here)):
                    break
        self._look()
        self._save()
        anywhere([], here)  # nobody leaves before the files are written

    def _count(self, learned: Learned) -> None:
        now = time.monotonic()
        self._ends.append(now)
        self._counts = replace(
            self._counts,
            step=self._counts.step + 1,
            seconds=self._earlier + now - self._started,
            bad_steps=self._counts.bad_steps + (not learned.good),
        )

    def _check_bad(self, in_a_row: int) -> None:
        if in_a_row:
            logger.warning("step %d skipped: its loss is not finite", self._counts.step)
        if in_a_row >= self._config.bad_limit:
            raise InputError(
                f"the loss was not finite in {in_a_row} steps in a row, up to step "
                f"{self._counts.step}: the last checkpoint is as it was, go on from it with a "
                "smaller --learning-rate or in fp32"
            )

    def _log(self, learned: Learned) -> None:
        step = self._counts.step
        config = self._config
        if step % config.log_every and step != config.steps and learned.good:
            return
        values = torch.stack([value.float() for value in learned.terms.values()])
        means = mean_over_processes(values, self._here).tolist()
        if self._record is None:
            return
        terms = dict(zip(learned.terms, means, strict=True))
        self._record.log(
            {
                "step": step,
                "seconds": round(self._counts.seconds, 3),
                "loss": sum(value for name, value in terms.items() if name != "discriminator"),
                "terms": terms,
                "learning_rate": learning_rate(step - 1, config),
                "gradient_norm": learned.gradient_norm,
                "samples_per_second": round(self._pace(), 3),
                "bad_steps": self._counts.bad_steps,
            }
        )

    def _save_and_look_when_due(self) -> None:
        now = time.monotonic()
        if self._counts.step == self._config.steps:  # done after the last step anyway
            return
        if now - self._looked >= self._config.probe_seconds:
            self._look()
        if now - self._saved >= self._config.checkpoint_seconds:
            self._save()

    def _look(self) -> None:
        if self._record is not None and self._held_out:
            seen = look(self._recipe, self._learner.average, self._held_out, self._here.device)
            best, error = self._counts.best, seen.errors.get("l1", math.inf)
            if error < (math.inf if best is None else best):
                self._counts = replace(self._counts, best=error)
                self._record.keep_best(self._learner.average, self._counts)
            self._record.look(seen, self._counts)
            told = ", ".join(f"{name} {value:.4f}" for name, value in seen.errors.items())
            logger.info("step %d, held-out people: %s", self._counts.step, told or "drawn")
        self._looked = time.monotonic()

    def _save(self) -> None:
        if self._record is not None:
            self._record.save(self._learner, self._counts)
        self._saved = time.monotonic()

    def _report(self, learned: Learned) -> Report:
        config, counts, pace = self._config, self._counts, self._pace()
        left = (config.steps - counts.step) * config.batch / pace if pace > 0 else math.inf
        if config.minutes is not None:
            left = max(0.0, min(left, 60 * config.minutes - (time.monotonic() - self._started)))
        return Report(counts.step, config.steps, learned.loss, pace, left, counts.bad_steps)

    def _pace(self) -> float:
        passed = self._ends[-1] - self._ends[0]
        return self._config.batch * (len(self._ends) - 1) / passed if passed > 0 else 0.0

    def _time_is_up(self) -> bool:
        minutes = self._config.minutes
        return minutes is not None and time.monotonic() - self._started >= 60 * minutes


def _check_split(config: TrainConfig, here: Processes) -> None:
    if config.batch % here.world:
        raise InputError(
            f"a batch of {config.batch} cannot be split over {here.world} processes: "
            f"give --batch a multiple of {here.world}"
        )
