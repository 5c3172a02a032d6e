"""The options of both ends of a call."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pechead_live.cli.motion_options import add_motion_arguments
from pechead_live.cli.renderer_options import add_renderer_arguments
from pechead_live.cli.sinks import add_sink_argument
from pechead_live.cli.tracker_options import add_tracker_arguments
from pechead_live.errors import InputError

if TYPE_CHECKING:
    from pechead_live.calling.ladder.rungs import LadderConfig


class LineOptions(NamedTuple):
    """What suits a line."""

    quality_px: float
    """A step of any coefficient moves the landmarks by so many pixels of 256 x 256."""
    voice: int
    """Bits of Opus a second."""
    packet_ms: int
    """Of sound in a packet, and so long coefficients may wait for it."""
    frames: int
    """Of coefficients in a message, where there is no sound."""

    @property
    def holds_ms(self) -> int:
        """So long coefficients may be kept."""
        return max(self.packet_ms, (self.frames - 1) * 40)


LINES = {
    "wide": LineOptions(0.15, 24_000, 20, 1),
    "thin": LineOptions(0.25, 6_000, 80, 3),
}
"""``thin`` takes 16 kbit/s on the wire with sound and 11 without; ``wide`` 50, and 60 ms less."""


def add_call_arguments(parser: argparse.ArgumentParser) -> None:
    """Who one is, over which line, and how the other end is shown."""
    group = parser.add_argument_group("you")
    group.add_argument(
        "--source",
        type=Path,
        metavar="S.avatar",
        help="whom the other end sees; without it nobody, and you only watch and listen",
    )
    group.add_argument(
        "--as", dest="called", metavar="NAME", help="what to call you (default: the avatar's name)"
    )
    group.add_argument(
        "--camera",
        default="0",
        metavar="C",
        help="an index, a video file, a URL, or replay:MOTION (default: %(default)s)",
    )
    group.add_argument("--loop", action="store_true", help="start a file again at its end")
    group.add_argument("--fps", type=float, help="frames per second (default: the camera's)")
    group.add_argument(
        "--microphone",
        default="default",
        metavar="M",
        help="default, a part of a device's name, file:SOUND or none (default: %(default)s)",
    )
    group.add_argument(
        "--speaker",
        default="default",
        metavar="S",
        help="default, a part of a device's name, file:OUT.wav or none (default: %(default)s)",
    )
    group.add_argument(
        "--real-face",
        action="store_true",
        help="the other end may see your camera's picture while your face cannot be read well: a "
        "fresh still first, then, over a wide line, a small video and a larger one; without this "
        "it never leaves this machine",
    )
    add_tracker_arguments(parser)
    add_motion_arguments(parser)
    group = parser.add_argument_group("the line")
    group.add_argument(
        "--line",
        choices=LINES,
        default="wide",
        help="thin joins more in a packet, coarser: for less than 60 kbit/s (default: %(default)s)",
    )
    group.add_argument(
        "--quality",
        type=float,
        metavar="PX",
        help="pixels (of 256 x 256) that a step of a coefficient moves the face by: more is "
        "coarser and takes fewer bits (default: the line's)",
    )
    group.add_argument(
        "--voice",
        type=int,
        metavar="BIT/S",
        help="of sound; 6000 is intelligible, 24000 good (default: the line's)",
    )
    group = parser.add_argument_group("the other end")
    add_sink_argument(parser)
    group.add_argument(
        "--turn",
        default="0,0",
        metavar="YAW,PITCH",
        help="degrees by which their head is turned more, so that they look at you",
    )
    group.add_argument("--seconds", type=float, help="hang up after this long")
    group.add_argument("--report", type=Path, help="write what was measured as JSON")
    add_renderer_arguments(parser)


RUNG_WORDS = (
    "motion only",
    "motion and a fresh still of the {}",
    "a small video of the {}, and motion",
    "video of the {}",
)
"""Of the ladder."""


def ladder_from(arguments: argparse.Namespace) -> "LadderConfig":
    """What may be sent beside motion; over a thin line no video may. Raises `InputError`."""
    from pechead_live.calling.ladder.rungs import LadderConfig, Rung

    if arguments.real_face and arguments.source is None:
        raise InputError("--real-face without --source: you are seen by nobody, give an avatar")
    if arguments.real_face:
        rungs = (Rung.MOTION, Rung.STILL) if arguments.line == "thin" else tuple(Rung)
        return LadderConfig(rungs=rungs, of_camera=True)
    return (
        LadderConfig() if arguments.line == "thin" else LadderConfig(rungs=(Rung.MOTION, Rung.LOW))
    )


def turn_from(arguments: argparse.Namespace) -> tuple[float, float]:
    """Degrees of yaw and pitch of ``--turn``. Raises `InputError`."""
    text: str = arguments.turn
    try:
        yaw, pitch = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"--turn {text}: give yaw and pitch in degrees, such as 5,-3") from error
    return yaw, pitch
