"""One run of the whole live loop with a drawn clock, in a process of its own; prints JSON.

``python -m benchmarks.latency`` starts it once per size and rate. The parts are joined as in
`pechead_live.cli` and its `run`; only camera, sink and the two steps that carry the time are the
benchmark's.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.clocked_parts import CheckingTracker, ClockedCamera, ReadingSink, with_time
from benchmarks.process_memory import peak_memory_mb
from pechead_live.avatar.file import open_avatar
from pechead_live.camera.file import FileCamera
from pechead_live.cli.models import ANALYTIC, drawn_by, factory_of
from pechead_live.clock import monotonic
from pechead_live.host_memory import keep_freed_memory
from pechead_live.live.config import LoopConfig
from pechead_live.live.loop import run_loop
from pechead_live.live.measurements import PERCENTILES, percentile
from pechead_live.live.scene import Scene
from pechead_live.motion import MotionConfig, Overrides
from pechead_live.steps import labelled, motion_step, smoothing_step
from pechead_live.tracker.mediapipe import open_mediapipe_tracker

WARM_UP_S = 2.0
"""Left out of latency, rate and CPU: caches fill, MediaPipe's first frames take longer."""


def main(argv: list[str] | None = None) -> int:
    """Runs once and prints one JSON object."""
    parser = argparse.ArgumentParser(prog="benchmarks.clocked_loop", description=__doc__)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True, help="a prepared .avatar")
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--fps", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--landmarker", type=Path)
    parser.add_argument("--model", default=ANALYTIC)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--engine")
    parser.add_argument("--int8", action=argparse.BooleanOptionalAction)
    parser.add_argument(
        "--started-at", type=float, required=True, help="monotonic time when this was started"
    )
    arguments = parser.parse_args(argv)
    keep_freed_memory()  # as the command line does, and the next line
    with threadpool_limits(1, user_api="blas"):
        print(json.dumps(run_once(arguments)))
    return 0


def run_once(arguments: argparse.Namespace) -> dict[str, Any]:
    """Opens what `pechead-live run` opens, in its order, and measures."""
    size, fps = arguments.size, arguments.fps
    camera = ClockedCamera(FileCamera(arguments.clip, paced=False, loop=True), fps)
    avatar = open_avatar(arguments.source)
    tracker = CheckingTracker(open_mediapipe_tracker(arguments.landmarker))
    factory = factory_of(
        arguments.model, arguments.checkpoint, engine=arguments.engine, quantised=arguments.int8
    )
    renderer = factory(avatar, size, size)
    sink = ReadingSink(tracker.arrived)
    loop_began = monotonic()
    warm_from = loop_began + WARM_UP_S
    warm: list[tuple[float, float]] = []

    def watch() -> None:
        if not warm and monotonic() >= warm_from:
            warm.append((monotonic(), time.process_time()))

    scene = Scene(
        renderer=renderer,
        rest=avatar.rest,
        output=lambda picture: with_time(labelled(picture)),
    )
    measurements = run_loop(
        open_camera=lambda: camera,
        tracker=tracker,
        scenes=lambda: scene,
        sinks={"reading": sink},
        smoothing=smoothing_step(),
        motion=motion_step(avatar.rest, MotionConfig(), Overrides()),
        config=LoopConfig(fps=fps, seconds=arguments.seconds + WARM_UP_S),
        watch=watch,
    )
    ended, cpu = monotonic(), time.process_time()
    tracker.close()
    report = measurements.report()
    result = summary(sink.latencies, warm_from)
    if warm:
        result["cpu_percent_of_one_core"] = 100 * (cpu - warm[0][1]) / (ended - warm[0][0])
    return result | {
        "drawn_by": drawn_by(arguments.model, renderer),
        "size": size,
        "camera_fps": fps,
        "peak_memory_mb": peak_memory_mb(),
        "loop_began_s": loop_began - arguments.started_at,
        "first_picture_s": None if sink.first_at is None else sink.first_at - arguments.started_at,
        "first_driven_picture_s": (
            sink.latencies[0][0] - arguments.started_at if sink.latencies else None
        ),
        "stages": report["stages"],
        "drops": report["drops"],
        "events": report["events"],
        "idle_pictures": sink.idle,
        "unreadable_pictures": sink.unreadable,
        "time_mismatches": tracker.mismatches,
    }


def summary(latencies: list[tuple[float, float]], warm_from: float) -> dict[str, Any]:
    """Percentiles of capture to sink and the rate, of pictures since ``warm_from``.

    ``latencies``: (when a picture came, its latency), seconds, in order.
    """
    kept = [(now, latency) for now, latency in latencies if now >= warm_from]
    span = kept[-1][0] - kept[0][0] if len(kept) > 1 else 0.0
    return {
        "pictures": len(kept),
        "fps": (len(kept) - 1) / span if span > 0 else None,
        "latency_ms": {
            f"p{p}": 1000 * percentile([latency for _, latency in kept], p) if kept else None
            for p in PERCENTILES
        },
    }


if __name__ == "__main__":
    sys.exit(main())
