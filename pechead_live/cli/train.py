"""``pechead-live train``: a network learns from prepared data, on a CPU, a GPU or many."""

import argparse
import logging
import shlex
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pechead_live.cli.interrupt import INTERRUPTED, stop_on_signals
from pechead_live.cli.progress import progress
from pechead_live.cli.train_options import add_train_arguments, config_from, loss_changes
from pechead_live.destination import check_folder
from pechead_live.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from pechead_live.training.batches.prefetch import BatchSource
    from pechead_live.training.config import TrainConfig
    from pechead_live.training.loop import Report

logger = logging.getLogger(__name__)

VALIDATION_BATCH = 16
"""Examples of a held-out batch at most."""

VALIDATION_SEED = 1
"""The same for every run, so that runs can be compared."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    add_train_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Trains. 0 at the end of the run or of its minutes, 130 when it was interrupted."""
    try:
        from pechead_live.training.data.manifest import FILE as MANIFEST
        from pechead_live.training.distributed import processes
        from pechead_live.training.loop import train
        from pechead_live.training.recipes.chosen import recipe_for
        from pechead_live.training.run.folder import state_path
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("pechead_live"):
            raise
        raise MissingDependencyError(
            f'training needs {error.name}: run pip install "pechead-live[train]"'
        ) from error
    config = config_from(arguments)
    check_folder(config.run)
    if (config.run / MANIFEST).exists():
        raise InputError(f"{config.run} holds prepared data: give the run a folder of its own")
    if arguments.resume and not state_path(config.run).exists():
        raise InputError(f"{config.run} holds no checkpoint to go on from: leave out --resume")
    stop = threading.Event()
    with processes(config.device) as here, stop_on_signals(stop):
        recipe, size = recipe_for(
            config.preset,
            config.stage,
            setting=config.setting,
            seed=config.seed,
            losses=arguments.losses,
            changes=loss_changes(arguments.loss),
            teacher=arguments.teacher,
            trunk=arguments.trunk,
        )
        source, validation = sources(config, size, arguments.cache)
        command = shlex.join(["pechead-live", *sys.argv[1:]])
        reports = train(config, recipe, source, validation, here, stop=stop, command=command)
        last: Report | None = None
        if here.writes:
            label = f"training {config.preset}"
            for report in progress(reports, config.steps, label, _tell, _step_of):
                last = report
            _print_end(config, last)
        else:
            for _ in reports:
                pass
    return INTERRUPTED if stop.is_set() else 0


def sources(
    config: "TrainConfig", size: int, cache: Path | None
) -> "tuple[BatchSource, BatchSource | None]":
    """Batches of the people to train on, and of those held out, None if there are too few.

    Pictures are ``size`` pixels high and wide; ``cache``: see `read_shards`.
    """
    from pechead_live.training.batches.examples import Examples
    from pechead_live.training.batches.faces import Faces
    from pechead_live.training.batches.sampling import SamplingConfig, split_by_identity
    from pechead_live.training.batches.shrunk import Shrunk
    from pechead_live.training.data.shard import read_shards
    from pechead_live.training.recipes.chosen import RECONSTRUCTORS

    made_by = Faces if config.preset in RECONSTRUCTORS else Examples
    learned, held_out = split_by_identity(read_shards(config.data, cache), config.validation)
    if config.photos is not None:
        learned += read_shards(config.photos, cache)
    sampling = SamplingConfig(
        batch=config.batch,
        frames=config.frames,
        still=config.still,
        photos=config.photos_share,
        jitter=config.jitter,
        seed=config.seed,
    )
    source = Shrunk(made_by(learned, sampling), size)
    if not held_out:
        logger.warning("nobody is held out: give more people, or a larger --validation")
        return source, None
    batch = min(config.batch, VALIDATION_BATCH)
    steady = SamplingConfig(
        batch=batch,
        frames=config.frames,
        pool=batch,
        refresh=1,
        mirror=0.0,
        reverse=0.0,
        jitter=0.0,
        seed=VALIDATION_SEED,
    )
    return source, Shrunk(made_by(held_out, steady), size)


def _step_of(report: "Report") -> int:
    return report.step


def _tell(report: "Report") -> str:
    """Beside the bar."""
    left = timedelta(seconds=round(report.seconds_left)) if report.seconds_left < 1e8 else "?"
    bad = f", {report.bad_steps} steps skipped" if report.bad_steps else ""
    return f"loss {report.loss:.4g}, {report.samples_per_second:.1f} samples/s, {left} left{bad}"


def _print_end(config: "TrainConfig", last: "Report | None") -> None:
    from pechead_live.training.run.folder import average_path

    weights = average_path(config.run)
    if last is None or last.step == config.steps:
        print(f"{weights}: trained for {config.steps} steps")
    else:
        print(f"{weights}: step {last.step} of {config.steps}; the same command goes on from there")
