"""``pechead-live run``: be the portrait, live."""

import argparse
import json
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pechead_live.camera.open import REPLAY, open_camera
from pechead_live.cli.interrupt import stop_on_signals
from pechead_live.cli.models import drawn_by
from pechead_live.cli.motion_options import (
    add_motion_arguments,
    motion_config_from,
    overrides_from,
)
from pechead_live.cli.remote import add_remote_arguments, check_not_remote, run_remote
from pechead_live.cli.renderer_options import add_renderer_arguments, renderer_from
from pechead_live.cli.sinks import add_sink_argument, open_sinks, sinks_named
from pechead_live.cli.size import size_from
from pechead_live.cli.source import add_source_arguments, avatar_from
from pechead_live.cli.tracker_options import add_tracker_arguments, check_untracked, tracker_from
from pechead_live.cli.watch import listen_for_enter, watch_of
from pechead_live.destination import check_destination
from pechead_live.errors import InputError
from pechead_live.live.config import LoopConfig
from pechead_live.live.loop import run_loop
from pechead_live.live.scene import Scene, as_it_is
from pechead_live.live.step import IDENTITY
from pechead_live.motion import apply_overrides, request_calibration
from pechead_live.protocols import Camera, Tracker
from pechead_live.steps import labelled, motion_step, smoothing_step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `run`."""
    parser.add_argument(
        "--camera",
        default="0",
        metavar="C",
        help="an index, a video file, a URL, or replay:MOTION (default: %(default)s)",
    )
    add_sink_argument(parser)
    parser.add_argument("--fps", type=float, help="frames per second (default: the camera's)")
    parser.add_argument("--seconds", type=float, help="stop after this long")
    parser.add_argument("--loop", action="store_true", help="start a file again at its end")
    parser.add_argument(
        "--no-label",
        action="store_true",
        help="leave out the visible 'AI' label, which tells others that they do not see a camera's "
        "picture",
    )
    parser.add_argument(
        "--calibrate-after",
        type=float,
        metavar="SECONDS",
        help="take your neutral face anew then; the Enter key does so at any time",
    )
    parser.add_argument("--report", type=Path, help="write what was measured as JSON")
    add_remote_arguments(parser)
    add_tracker_arguments(parser)
    add_source_arguments(parser, required=False)
    add_renderer_arguments(parser)
    add_motion_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Joins the parts and runs the loop until the stream ends or Ctrl-C."""
    width, height = size_from(arguments.size)
    check_positive("--fps", arguments.fps)
    check_positive("--seconds", arguments.seconds)
    config, overrides = motion_config_from(arguments), overrides_from(arguments)
    specs = sinks_named(arguments, inputs=_inputs(arguments))
    if arguments.report is not None:
        check_destination(arguments.report, inputs=_inputs(arguments))
    if arguments.remote is not None:
        return run_remote(arguments, specs)
    check_not_remote(arguments)
    make_renderer = renderer_from(arguments)
    with ExitStack() as stack:
        # whatever can be refused is refused before the slow parts are loaded
        first_camera, tracker_of = open_camera_and_tracker(arguments)
        stack.callback(first_camera.close)
        fps = arguments.fps or first_camera.fps
        sinks = open_sinks(specs, width, height, fps, stack)
        avatar = avatar_from(arguments)
        tracker = tracker_of()
        stack.callback(tracker.close)
        renderer = make_renderer(avatar)
        requests: SimpleQueue[Callable[[Any], Any]] = SimpleQueue()
        stop = threading.Event()
        cameras = [first_camera]

        def calibrate() -> None:
            requests.put(request_calibration)

        def camera_again() -> Camera:
            return cameras.pop() if cameras else _open_camera(arguments)

        scene = Scene(
            renderer=renderer,
            rest=apply_overrides(avatar.rest, overrides),
            output=as_it_is if arguments.no_label else labelled,
        )
        drawing = drawn_by(arguments.model, renderer)
        print(f"running: {arguments.camera} to {', '.join(specs)}, drawn by {drawing}", flush=True)
        print("Ctrl-C ends it", flush=True)
        listen_for_enter(calibrate)
        with stop_on_signals(stop):
            measurements = run_loop(
                open_camera=camera_again,
                tracker=tracker,
                scenes=lambda: scene,
                sinks=sinks,
                smoothing=IDENTITY if arguments.camera.startswith(REPLAY) else smoothing_step(),
                motion=motion_step(avatar.rest, config, overrides),
                config=LoopConfig(fps=fps, seconds=arguments.seconds),
                requests=requests,
                stop=stop,
                watch=watch_of(sinks, stop, calibrate, arguments.calibrate_after),
            )
    print(measurements.table())
    if arguments.report is not None:
        report = {"drawn_by": drawing} | measurements.report()
        arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def check_positive(option: str, value: float | None) -> None:
    """`InputError` unless ``value`` is None or a number above 0."""
    if value is not None and not 0 < value < float("inf"):
        raise InputError(f"{option} is {value}: it must be a number above 0")


def _inputs(arguments: argparse.Namespace) -> list[Path | None]:
    """The files this run reads: no sink may replace them."""
    camera: str = arguments.camera
    driving = Path(camera.removeprefix(REPLAY)).expanduser()
    weights = (arguments.checkpoint, arguments.tracker_checkpoint)
    return [arguments.source, arguments.background, driving, *weights]


def _open_camera(arguments: argparse.Namespace) -> Camera:
    return open_camera(arguments.camera, loop=arguments.loop, fps=arguments.fps)


def open_camera_and_tracker(
    arguments: argparse.Namespace,
) -> tuple[Camera, Callable[[], Tracker]]:
    """The opened camera, and how to open the tracker that belongs to it."""
    if arguments.camera.startswith(REPLAY):
        from pechead_live.camera.replay import ReplayCamera
        from pechead_live.recording import read_recording
        from pechead_live.tracker.replay import ReplayTracker

        check_untracked(arguments)
        recording = read_recording(Path(arguments.camera.removeprefix(REPLAY)))
        return ReplayCamera(recording, loop=arguments.loop), lambda: ReplayTracker(
            recording, loop=arguments.loop, by_time=True
        )

    tracker = tracker_from(arguments)
    return _open_camera(arguments), tracker
