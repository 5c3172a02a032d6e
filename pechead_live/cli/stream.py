"""``pechead-live stream``: the numbers that the coefficient stream's format rests on."""

import argparse
from pathlib import Path

from pechead_live.avatar.file import open_avatar
from pechead_live.calls.header import header_for
from pechead_live.calls.learn import learn_priors
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model
from pechead_live.motion import MotionConfig
from pechead_live.recording.files import read_recording
from pechead_live.samples import sample
from pechead_live.steps import motion_of
from pechead_live.whole_file import write_whole

QUALITY_PX = 0.15
"""At which the probabilities are learned."""

SHORTEST = 40
"""Frames of a recording that is worth learning from."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `stream`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "learn the contexts' first probabilities from recorded motion"
    learn = actions.add_parser("learn", help=text, description=text[0].upper() + text[1:] + ".")
    learn.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="of recordings, made with 'pechead-live track CLIP --smooth live -o MOTION.npz'",
    )
    learn.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="what to write"
    )


def run(arguments: argparse.Namespace) -> int:
    """Learns and writes the file."""
    folder: Path = arguments.folder
    rest, config = open_avatar(sample("astronaut.avatar")).rest, MotionConfig()
    motions = [
        motion
        for path in sorted(folder.glob("*.npz"))
        if len(motion := motion_of(read_recording(path).coefficients, rest, config)) >= SHORTEST
    ]
    if not motions:
        raise InputError(
            f"{folder} holds no recording (*.npz) of {SHORTEST} frames with a face: make some with "
            "'pechead-live track CLIP --smooth live -o MOTION.npz'"
        )
    header = header_for(rest, load_face_model(), quality_px=QUALITY_PX)
    write_whole(arguments.output, learn_priors(motions, header))
    frames = sum(len(motion) for motion in motions)
    print(f"{arguments.output}: from {frames} frames of {len(motions)} recordings")
    return 0
