"""``pechead-live avatar personalise``: a network learns one portrait's person from a clip."""

import argparse
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import open_avatar, save_avatar
from pechead_live.cli.interrupt import INTERRUPTED, stop_on_signals
from pechead_live.cli.models import LITE, checkpoint_of
from pechead_live.cli.progress import progress
from pechead_live.cli.source import AVATAR_SUFFIX
from pechead_live.destination import check_destination, check_folder
from pechead_live.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from pechead_live.evaluation.instruments import Instruments
    from pechead_live.training.personal.learning import Report
    from pechead_live.training.personal.personalise import Personalisation
    from pechead_live.training.personal.sitting import Sitting

logger = logging.getLogger(__name__)

SAME_PERSON = 0.6
"""Distance of two faces to dlib's network below which they are one person's (King 2017)."""

MINUTES = 20.0


def add_personalise_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `avatar personalise`."""
    parser.add_argument("avatar", type=Path)
    text = "of the portrait's person, talking and looking around; 40 s of it are used at most"
    parser.add_argument("--clip", type=Path, required=True, metavar="VIDEO", help=text)
    text = "where to write it (default: into the avatar itself)"
    parser.add_argument("-o", "--output", type=Path, help=text)
    text = f"the network that learns: {', '.join(LITE)} (default: %(default)s)"
    parser.add_argument("--model", default="lite-s", metavar="MODEL", help=text)
    text = "its .safetensors file (default: the one that ships with this program)"
    parser.add_argument("--checkpoint", type=Path, metavar="PATH", help=text)
    text = "of this sitting; the same command again goes on (default: %(default)s)"
    parser.add_argument("--minutes", type=float, default=MINUTES, help=text)
    text = "for the state between two sittings (default: beside the result, NAME.personal)"
    parser.add_argument("--run", type=Path, metavar="FOLDER", help=text)
    parser.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")


def personalise(arguments: argparse.Namespace) -> int:
    """Learns, and writes what was learned. 0 at the end, 130 when it was interrupted."""
    output: Path = arguments.output or arguments.avatar
    folder: Path = arguments.run or output.with_suffix(".personal")
    avatar = open_avatar(arguments.avatar)
    check_destination(output, (AVATAR_SUFFIX,), inputs=[arguments.clip])
    check_folder(folder)
    if arguments.model not in LITE:
        raise InputError(
            f"{arguments.model} has no features of a portrait that could be learned: "
            f"use {', '.join(LITE)}"
        )
    checkpoint = checkpoint_of(arguments.model, arguments.checkpoint)
    task = _task(arguments, avatar, checkpoint, folder)
    stop = threading.Event()
    with stop_on_signals(stop):
        label = f"personalising for {arguments.model}"
        for _ in progress(task.reports(stop), task.steps, label, _tell, _step_of):
            pass
    if stop.is_set():
        print(f"{folder}: step {task.counts.step} of {task.steps}; the same command goes on")
        return INTERRUPTED
    return _write(task, avatar, output, folder)


def _task(
    arguments: argparse.Namespace, avatar: Avatar, checkpoint: Path, folder: Path
) -> "Personalisation":
    """All that is needed to learn; what is missing or does not fit is refused here."""
    try:
        from engines.manifest import sha256_of
        from pechead_live.evaluation.config import EvaluationConfig
        from pechead_live.evaluation.instruments import open_instruments
        from pechead_live.training.losses.trunk import load_trunk
        from pechead_live.training.personal.config import PersonalConfig
        from pechead_live.training.personal.personalise import (
            Personalisation,
            Wanted,
            open_network,
        )
        from pechead_live.training.personal.sitting import read_sitting
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("pechead_live"):
            raise
        raise MissingDependencyError(
            f"personalising needs {error.name}: run pip install 'pechead-live[train]'"
        ) from error
    config = PersonalConfig(minutes=arguments.minutes)
    network, trunk = open_network(checkpoint), load_trunk()
    instruments = open_instruments(EvaluationConfig())
    logger.info("looking for the face in %s", arguments.clip)
    sitting = read_sitting(arguments.clip, avatar, arguments.landmarker)
    _warn_of_another_person(avatar, sitting, instruments)
    if instruments.difference is None:
        logger.warning("%s; L_v, the loss of the training, decides", " ".join(instruments.notes))
    wanted = Wanted(
        avatar=avatar,
        sitting=sitting,
        clip_sha256=sha256_of(arguments.clip),
        network=network,
        checkpoint_sha256=sha256_of(checkpoint),
        model=arguments.model,
    )
    task = Personalisation(wanted, config, folder, difference=instruments.difference, trunk=trunk)
    what = "the face only" if task.likeness.face_only else "the whole person"
    print(
        f"learns {what}: beside the face, clip and portrait differ by "
        f"{task.likeness.beside:.3f} of 1"
    )
    if task.counts.step:
        print(f"goes on from step {task.counts.step}, found in {folder}")
    return task


def _warn_of_another_person(avatar: Avatar, sitting: "Sitting", instruments: "Instruments") -> None:
    from pechead_live.evaluation.metrics.identity import distance_dlib
    from pechead_live.footage.square import SIDE
    from pechead_live.renderer.analytic import AnalyticRenderer

    if instruments.embedder is None:
        return
    portrait = AnalyticRenderer(avatar, SIDE, SIDE).portrait()
    own = instruments.embedder.embed(portrait, avatar.measured.points)
    near = sitting.nearest
    there = instruments.embedder.embed(sitting.pixels[near], sitting.measurements[near].points)
    distance = distance_dlib(own, there)
    if distance > SAME_PERSON:
        logger.warning(
            "the clip seems to show another person than the portrait (distance %.2f, one person's "
            "is below %.1f): what is learned will be theirs",
            distance,
            SAME_PERSON,
        )


def _write(task: "Personalisation", avatar: Avatar, output: Path, folder: Path) -> int:
    before, after = task.counts.before, task.counts.after
    personal = task.personal()
    if personal is None:
        print("on frames that were not learned from nothing came nearer: nothing is written")
    else:
        save_avatar(replace(avatar, personal=personal), output)
        figures = ", ".join(f"{name} {before[name]:.4f} -> {after[name]:.4f}" for name in after)
        print(f"on frames that were not learned from: {figures}")
        print(f"{output}: {avatar.name}, {output.stat().st_size / 1000:.0f} KB")
        print(f"try it: pechead-live run --source {output} --model {personal.model} --sink preview")
    if task.finished:
        task.forget()
    else:
        print(f"{folder}: step {task.counts.step} of {task.steps}; the same command goes on")
    return 0


def _step_of(report: "Report") -> int:
    return report.step


def _tell(report: "Report") -> str:
    """Beside the bar."""
    left = timedelta(seconds=max(0, round(report.seconds_left)))
    return f"loss {report.loss:.3g}, held-out {report.perceptual:.4f}, {left} left"
