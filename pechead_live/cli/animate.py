"""``pechead-live animate``: a portrait moved by a clip or a recording, into a video file."""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.camera.file import open_video_file
from pechead_live.cli.models import drawn_by
from pechead_live.cli.motion_options import (
    add_motion_arguments,
    motion_config_from,
    overrides_from,
)
from pechead_live.cli.progress import progress
from pechead_live.cli.renderer_options import add_renderer_arguments, renderer_from
from pechead_live.cli.size import size_from
from pechead_live.cli.source import add_source_arguments, avatar_from
from pechead_live.cli.track import record, smoothed
from pechead_live.cli.tracker_options import add_tracker_arguments, check_untracked, tracker_from
from pechead_live.coefficients import Coefficients
from pechead_live.destination import check_destination
from pechead_live.errors import InputError
from pechead_live.live.presence import PresenceConfig, appear, initial_presence_state
from pechead_live.motion import (
    MotionConfig,
    Overrides,
    apply_overrides,
    find_anchor,
    initial_motion_state,
    retarget,
)
from pechead_live.protocols import Tracker
from pechead_live.recording import Recording, read_recording
from pechead_live.sink.label import draw_label
from pechead_live.sink.video import CONTAINERS, VideoWriter

RECORDINGS = (".npz", ".csv", ".jsonl")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `animate`."""
    parser.add_argument(
        "--driving", type=Path, required=True, metavar="CLIP|MOTION", help="what moves it"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="such as out.mp4")
    parser.add_argument(
        "--smooth",
        choices=("none", "live", "offline"),
        default="offline",
        help="of a clip's motion (default: %(default)s)",
    )
    parser.add_argument(
        "--no-label",
        action="store_true",
        help="leave out the visible 'AI' label, which tells others that they do not see a camera's "
        "picture",
    )
    add_tracker_arguments(parser)
    add_source_arguments(parser)
    add_renderer_arguments(parser)
    add_motion_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tracks or reads the motion, draws it and writes the film."""
    width, height = size_from(arguments.size)
    config, overrides = motion_config_from(arguments), overrides_from(arguments)
    driving: Path = arguments.driving
    # whatever can be refused is refused before the slow parts
    weights = (arguments.checkpoint, arguments.tracker_checkpoint)
    inputs = [driving, arguments.source, arguments.background, *weights]
    check_destination(arguments.output, tuple(CONTAINERS), inputs=inputs)
    clip = None if driving.suffix.lower() in RECORDINGS else driving
    if clip is None:
        check_untracked(arguments)
    open_tracker = tracker_from(arguments)
    make_renderer = renderer_from(arguments)
    avatar = avatar_from(arguments)
    renderer = make_renderer(avatar)
    recording = read_recording(driving) if clip is None else _track(clip, open_tracker, arguments)
    if config.mode == "absolute" and arguments.crop == "auto":
        recording = reframed(recording, avatar.rest)
    writer = VideoWriter(
        arguments.output,
        width=width,
        height=height,
        fps=recording.fps,
        constant_rate=False,
        audio_from=clip,
    )
    with writer:
        moved = poses(recording, avatar, config, overrides)
        state = renderer.initial_state()
        for coefficients in progress(moved, len(recording.coefficients), "rendering"):
            picture, state = renderer.render(coefficients, state)
            pixels = picture.pixels if arguments.no_label else draw_label(picture.pixels)
            writer.write(pixels, coefficients.captured_at)
    count = len(recording.coefficients)
    lost = count - recording.faces
    without = f", {lost} of them at rest: no face was seen" if lost else ""
    drawing = drawn_by(arguments.model, renderer)
    rate = f"{count} pictures at {recording.fps:g} fps"
    print(f"{arguments.output}: {rate}, drawn by {drawing}{without}")
    return 0


def poses(
    recording: Recording, avatar: Avatar, config: MotionConfig, overrides: Overrides
) -> Iterator[Coefficients]:
    """What the avatar shows for each entry of ``recording``, in order.

    The anchor is the recording's best frame: nearest to the portrait (relative), or to a neutral
    face (calibrated).
    """
    rest = avatar.rest
    likeness = rest
    if config.mode == "calibrated":
        likeness = replace(rest, expression=np.zeros_like(rest.expression))
    anchor = recording.coefficients[find_anchor(recording.coefficients, likeness)]
    motion = initial_motion_state(anchor)
    presence = None
    for driver in recording.coefficients:
        moved, motion = retarget(driver, rest, motion, config)
        moved = apply_overrides(moved, overrides)
        now = driver.captured_at
        if presence is None:  # nothing to ease from: the film starts as its driver does
            start = initial_presence_state(moved, now)
            presence = start._replace(following=True, changed_at=-math.inf, seen_at=now)
        seen = moved if driver.confidence > 0 else None
        shown, presence = appear(seen, apply_overrides(rest, overrides), now, presence, _PRESENCE)
        yield shown


_PRESENCE = PresenceConfig()


def reframed(recording: Recording, rest: Coefficients) -> Recording:
    """The recording in the portrait's framing: its first face as large and in the same place.

    Absolute motion is in the driving picture's coordinates; a portrait with a framing of its own
    would otherwise jump to where the driver sits in theirs.
    """
    first = next(c for c in recording.coefficients if c.confidence > 0)
    zoom = rest.scale / first.scale
    moved = [
        replace(
            c,
            scale=c.scale * zoom,
            translation=(rest.translation + (c.translation - first.translation) * zoom).astype(
                np.float32
            ),
        )
        for c in recording.coefficients
    ]
    return replace(recording, coefficients=tuple(moved))


def _track(
    clip: Path, open_tracker: Callable[[], Tracker], arguments: argparse.Namespace
) -> Recording:
    camera = open_video_file(clip)
    try:
        tracker = open_tracker()
        try:
            total = camera.info.frame_count
            recording = record(camera, tracker, name=clip.name, total=total)
        finally:
            tracker.close()
    finally:
        camera.close()
    if not math.isfinite(recording.fps):
        raise InputError(f"{clip} has no frame rate: convert it to .mp4")
    return smoothed(recording, arguments.smooth)
