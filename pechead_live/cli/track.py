"""``pechead-live track``: pose and expression of a clip as a recording."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pechead_live.camera.file import open_video_file
from pechead_live.cli.progress import progress
from pechead_live.cli.tracker_options import add_tracker_arguments, tracker_from
from pechead_live.coefficients import Coefficients
from pechead_live.destination import check_destination
from pechead_live.errors import NoFaceError
from pechead_live.frame import Frame
from pechead_live.protocols import Camera, Tracker
from pechead_live.recording import Recording, write_recording
from pechead_live.recording.files import SUFFIXES
from pechead_live.tracker.filter import filter_coefficients, initial_filter_state
from pechead_live.tracker.outlier import initial_outlier_state, reject_outlier
from pechead_live.tracker.smoothing import smooth_recording


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `track`."""
    parser.add_argument("clip", type=Path, help="a video file")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="what to write: .npz, .csv or .jsonl"
    )
    parser.add_argument(
        "--smooth",
        choices=("none", "live", "offline"),
        default="offline",
        help="none: as measured; live: as in a call, with its lag; "
        "offline: smooth without lag (default: %(default)s)",
    )
    parser.add_argument(
        "--compact", action="store_true", help="a small .npz, rounded below what can be seen"
    )
    add_tracker_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tracks the clip and writes the recording."""
    inputs = [arguments.clip, arguments.tracker_checkpoint]
    check_destination(arguments.output, SUFFIXES, inputs=inputs)
    open_tracker = tracker_from(arguments)
    camera = open_video_file(arguments.clip)
    try:
        tracker = open_tracker()
        try:
            recording = record(
                camera, tracker, name=arguments.clip.name, total=camera.info.frame_count
            )
        finally:
            tracker.close()
    finally:
        camera.close()
    recording = smoothed(recording, arguments.smooth)
    write_recording(recording, arguments.output, compact=arguments.compact)
    frames = len(recording.coefficients)
    lost = frames - recording.faces
    without = f", {lost} without a face" if lost else ""
    print(f"{arguments.output}: {frames} frames at {recording.fps:g} fps{without}")
    return 0


def record(camera: Camera, tracker: Tracker, *, name: str, total: int | None = None) -> Recording:
    """Every frame of ``camera`` as coefficients; confidence 0 where there is no face.

    ``total`` frames are expected, for the progress bar; None is unknown.
    """
    entries: list[Coefficients] = []
    last = Coefficients()
    state = initial_outlier_state()
    for frame in progress(_frames(camera), total, "tracking"):
        seen = tracker.track(frame)
        if seen is not None:
            seen, state = reject_outlier(seen, state)
        last = seen or replace(last, confidence=0.0, captured_at=frame.captured_at)
        entries.append(last)
    recording = Recording(coefficients=tuple(entries), fps=camera.fps, name=name)
    if not recording.faces:
        raise NoFaceError(
            f"{name!r} shows no face in any of its {len(entries)} frames: "
            "use a clip in which one face looks at the camera"
        )
    return recording


def smoothed(recording: Recording, how: str) -> Recording:
    """The recording filtered: "none", "live" or "offline"."""
    if how == "offline":
        return replace(recording, coefficients=smooth_recording(recording.coefficients))
    if how == "live":
        state = initial_filter_state()
        entries: list[Coefficients] = []
        for coefficients in recording.coefficients:
            filtered, state = filter_coefficients(coefficients, state)
            entries.append(filtered)
        return replace(recording, coefficients=tuple(entries))
    return recording


def _frames(camera: Camera) -> Iterator[Frame]:
    while (frame := camera.read()) is not None:
        yield frame
