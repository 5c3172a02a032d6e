"""`RunRecord`: everything that the one writing process puts into a run's folder."""

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from pechead_live.model.checkpoint import dimensions_text, save_checkpoint
from pechead_live.sole_writer import sole_writer
from pechead_live.training.config import TrainConfig
from pechead_live.training.learner import Learner
from pechead_live.training.recipes.recipe import Recipe
from pechead_live.training.run.folder import (
    average_path,
    best_path,
    make_folders,
    note_start,
    state_path,
    write_probe,
)
from pechead_live.training.run.metrics_log import MetricsLog
from pechead_live.training.run.probe_grid import Look
from pechead_live.training.run.state_file import Counts, RunState, write_state


class RunRecord:
    """The open folder of a run."""

    def __init__(self, config: TrainConfig, recipe: Recipe, *, after: int, command: str) -> None:
        """Opens or makes it; ``after``: the steps that its checkpoint has. Raises `OutputError`."""
        self._config, self._kind = config, recipe.kind
        make_folders(config.run)
        self._claim = contextlib.ExitStack()
        self._claim.enter_context(sole_writer(config.run))
        note_start(config, asdict(recipe.weights), command=command, step=after)
        self._metrics = MetricsLog(config.run, after=after)

    def log(self, line: Mapping[str, Any]) -> None:
        """One line of `metrics_log.STEP_FIELDS`."""
        self._metrics.write(line)

    def look(self, seen: Look, counts: Counts) -> None:
        """The picture grid and a line of `metrics_log.LOOK_FIELDS`."""
        write_probe(self._config.run, counts.step, seen.grid)
        self._metrics.picture("probe", seen.grid, counts.step)
        self._metrics.write(
            {
                "step": counts.step,
                "seconds": round(counts.seconds, 3),
                "validation": seen.errors,
            }
        )

    def save(self, learner: Learner, counts: Counts) -> None:
        """The state, then the averaged weights; each appears whole or stays as it was."""
        config = self._config
        state = RunState(
            preset=config.preset,
            stage=config.stage,
            dimensions=dimensions_text(learner.average.dimensions),
            counts=counts,
            tensors=learner.tensors(),
        )
        write_state(state_path(config.run), state)
        self._weights(average_path(config.run), learner.average, counts)

    def keep_best(self, average: nn.Module, counts: Counts) -> None:
        """The averaged weights of the smallest validation error."""
        self._weights(best_path(self._config.run), average, counts)

    def close(self) -> None:
        """Finishes TensorBoard's file, and lets others write into the folder."""
        self._metrics.close()
        self._claim.close()

    def _weights(self, path: Path, average: nn.Module, counts: Counts) -> None:
        extra = {
            "stage": self._config.stage,
            "step": str(counts.step),
            "data": self._config.data.name,
        }
        save_checkpoint(
            path,
            average.state_dict(),
            self._kind,
            average.dimensions,
            extra,
            preset=self._config.preset,
            half=True,
        )
