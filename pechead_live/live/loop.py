"""The live loop: camera, tracker, drawing and sinks, each in a thread of its own.

    camera -> [frame] -> tracker -> [coefficients] -> renderer -> [picture] -> sink (one each)

A bracket is a slot that keeps the newest value. Throughput is the slowest stage's, and nothing ever
waits in a queue. Sinks take pictures of the renderer only; a frame's pixels end at the tracker.
"""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Event

from pechead_live.clock import Clock, monotonic
from pechead_live.errors import InputError
from pechead_live.frame import Frame
from pechead_live.live.capture import capture
from pechead_live.live.config import LoopConfig
from pechead_live.live.delivery import deliver
from pechead_live.live.drawing import Drawn, keep_drawing
from pechead_live.live.measurements import Measurements
from pechead_live.live.pace import Pace
from pechead_live.live.scene import Scenes
from pechead_live.live.slot import Slot
from pechead_live.live.stage import Stage
from pechead_live.live.step import IDENTITY, Step
from pechead_live.live.tracking import MotionRequests, Tracked, follow
from pechead_live.protocols import Camera, Sink, Tracker

logger = logging.getLogger(__name__)

SWITCH_S = 0.001
"""How long a thread may keep the interpreter while another waits for it. Python's own 5 ms hold up
the renderer, which gives it back a thousand times a picture: 1280 x 720 beside a tracker on two
cores takes 37 ms from capture to sink with this and 52 without (p50, measured)."""

WATCH_S = 1 / 60
"""How often the calling thread looks around; also the rate of a preview window."""


def run_loop(
    *,
    open_camera: Callable[[], Camera],
    tracker: Tracker,
    scenes: Scenes,
    sinks: Mapping[str, Sink],
    smoothing: Step = IDENTITY,
    motion: Step = IDENTITY,
    config: LoopConfig | None = None,
    requests: MotionRequests | None = None,
    stop: Event | None = None,
    watch: Callable[[], None] | None = None,
    measurements: Measurements | None = None,
    clock: Clock = monotonic,
) -> Measurements:
    """Runs until the stream ends, ``stop`` is set or ``config.seconds`` are over.

    ``scenes``: what is drawn; asked before every picture, so that it may change while running.
    ``sinks``: by name; each is closed at the end, whatever happens. A sink that fails is dropped
    with an error in the log; when none is left, its error is raised.
    ``smoothing``, then ``motion``: the driver's coefficients to the avatar's.
    ``requests``: changes of the motion step's state, from any thread.
    ``watch``: called in this thread some sixty times a second (windows belong to the main thread).
    ``measurements``: filled and returned; a caller's own can be read while the loop runs.
    The tracker stays open; it belongs to the caller.
    """
    if not sinks:
        raise InputError("the loop has no sink: give at least one, for example 'null'")
    config = config or LoopConfig()
    requests = SimpleQueue() if requests is None else requests
    stop = Event() if stop is None else stop
    measurements = Measurements(clock) if measurements is None else measurements
    frames: Slot[Frame] = Slot()
    tracked: Slot[Tracked] = Slot()
    pictures: dict[str, Slot[Drawn]] = {name: Slot() for name in sinks}
    pace = Pace(clock, config.silence_s)
    stage_errors: list[Exception] = []
    sink_errors: list[Exception] = []

    def break_off(error: Exception) -> None:
        stage_errors.append(error)
        stop.set()

    def drop_sink(name: str, error: Exception) -> None:
        logger.error("sink %s failed and is dropped: %s", name, error)
        measurements.count("sink failures")
        sink_errors.append(error)
        if len(sink_errors) == len(sinks):
            stop.set()

    def capturing() -> None:
        capture(open_camera, frames, config=config, measurements=measurements, stop=stop)

    def tracking() -> None:
        follow(
            frames,
            tracked,
            tracker=tracker,
            smoothing=smoothing,
            motion=motion,
            requests=requests,
            pace=pace,
            config=config,
            measurements=measurements,
            clock=clock,
        )

    def drawing() -> None:
        keep_drawing(
            tracked,
            pictures,
            scenes,
            pace=pace,
            config=config,
            measurements=measurements,
            clock=clock,
        )

    def delivering(name: str) -> None:
        deliver(
            name,
            sinks[name],
            pictures[name],
            measurements=measurements,
            clock=clock,
            on_failure=drop_sink,
        )

    camera_stage = Stage("camera", capturing, following=[frames], on_error=break_off)
    stages = [
        Stage("tracker", tracking, following=[tracked], on_error=break_off),
        Stage("renderer", drawing, following=list(pictures.values()), on_error=break_off),
        *(Stage(f"sink {name}", partial(delivering, name), on_error=break_off) for name in sinks),
        camera_stage,  # last to be waited for: its driver may hang
    ]

    def note_drops() -> None:
        measurements.drops("frames", frames.dropped)
        measurements.drops("coefficients", tracked.dropped)
        for name, slot in pictures.items():
            measurements.drops(f"pictures to {name}", slot.dropped)

    def looking() -> None:
        note_drops()
        if watch is not None:
            watch()

    switch_before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        for stage in stages:
            stage.start()
        _watch(stages, stop=stop, watch=looking, seconds=config.seconds, clock=clock)
    finally:
        stop.set()
        frames.close()
        pace.close()
        for stage in stages:
            stage.finish(config.finish_s)
        sys.setswitchinterval(switch_before)
        measurements.stop()
        note_drops()
    if stage_errors:
        raise stage_errors[0]
    if len(sink_errors) == len(sinks):
        raise sink_errors[0]
    return measurements


def _watch(
    stages: Sequence[Stage],
    *,
    stop: Event,
    watch: Callable[[], None],
    seconds: float | None,
    clock: Clock,
) -> None:
    """Returns when every stage has ended, ``stop`` is set or the time is over."""
    began = clock()
    while any(stage.running for stage in stages):
        if stop.wait(WATCH_S):
            return
        if seconds is not None and clock() - began >= seconds:
            return
        watch()
