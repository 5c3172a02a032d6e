"""The options about motion that several commands share."""

import argparse
from dataclasses import replace
from typing import get_args

from pechead_live.errors import InputError
from pechead_live.motion.config import GAINS, Mode, MotionConfig
from pechead_live.motion.overrides import Overrides, parse_setting


def add_motion_arguments(parser: argparse.ArgumentParser, *, mode: Mode = "calibrated") -> None:
    """Mode, gains and overrides; ``mode`` is the command's default."""
    group = parser.add_argument_group("motion")
    group.add_argument(
        "--motion",
        choices=get_args(Mode),
        default=mode,
        help="absolute: as the driver is; relative: changes since the first frame; "
        "calibrated: changes since a second of neutral face (default: %(default)s)",
    )
    group.add_argument(
        "--gain",
        action="append",
        default=[],
        metavar="GROUP=FACTOR",
        help=f"more or less motion, 0 to 1.5, of {', '.join(GAINS)}; may be repeated",
    )
    group.add_argument("--look-at-camera", action="store_true", help="the eyes look straight ahead")
    add_override_arguments(parser)


def add_override_arguments(parser: argparse.ArgumentParser) -> None:
    """Head angles and expressions set by hand."""
    group = parser.add_argument_group("set by hand")
    for angle, positive in (
        ("yaw", "the picture's right"),
        ("pitch", "up"),
        ("roll", "clockwise"),
    ):
        group.add_argument(
            f"--{angle}", type=float, metavar="DEGREES", help=f"head angle, positive is {positive}"
        )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="an expression by its ARKit name, 0 to 1, such as jawOpen=0.3; may be repeated",
    )


def motion_config_from(arguments: argparse.Namespace) -> MotionConfig:
    """The settings of `add_motion_arguments`."""
    gains: dict[str, float] = {}
    for text in arguments.gain:
        name, _, word = text.partition("=")
        if name not in GAINS:
            raise InputError(f"unknown gain {name!r}: use one of {', '.join(GAINS)}")
        try:
            gains[name] = float(word)
        except ValueError:
            raise InputError(f"{text!r} must read {name}=FACTOR, such as {name}=0.8") from None
    config = MotionConfig(mode=arguments.motion, look_at_camera=arguments.look_at_camera)
    return replace(config, **gains)


def overrides_from(arguments: argparse.Namespace) -> Overrides:
    """What `add_override_arguments` (or `add_motion_arguments`) asked to set by hand."""
    return Overrides(
        yaw=arguments.yaw,
        pitch=arguments.pitch,
        roll=arguments.roll,
        expressions=dict(parse_setting(text) for text in arguments.settings),
    )
