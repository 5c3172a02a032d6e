"""The tracking thread: frame to the avatar's coefficients."""

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from pechead_live.clock import Clock
from pechead_live.coefficients import Coefficients
from pechead_live.frame import Frame
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.pace import Pace
from pechead_live.live.slot import Slot
from pechead_live.live.step import Step
from pechead_live.protocols import Tracker

logger = logging.getLogger(__name__)

MotionRequests = SimpleQueue[Callable[[Any], Any]]
"""Changes of the motion step's state, asked for by other threads (a calibration key)."""


class Tracked(NamedTuple):
    """What became of one frame."""

    coefficients: Coefficients | None
    """In the avatar's coordinates; None when there was no face or the tracker failed."""

    captured_at: float
    """Of the frame, seconds."""


class StepStates(NamedTuple):
    """The memories of the two steps."""

    smoothing: Any
    motion: Any


def follow(
    frames: Slot[Frame],
    tracked: Slot[Tracked],
    *,
    tracker: Tracker,
    smoothing: Step,
    motion: Step,
    requests: MotionRequests,
    pace: Pace,
    config: LoopConfig,
    measurements: Measurements,
    clock: Clock,
) -> None:
    """Tracks until ``frames`` is closed and empty. A failing tracker means: no face."""
    failing = False
    states = StepStates(smoothing.initial(), motion.initial())
    seen_at = -float("inf")
    while not frames.finished:
        pace.wait()
        frame = frames.take()
        if frame is None:
            continue
        taken = clock()
        if frame.captured_at - seen_at > config.presence.hold_s:
            # found again: another pose, perhaps another person
            states = states._replace(smoothing=smoothing.initial())
        began = clock()
        try:
            seen = tracker.track(frame)
            measurements.add("track", clock() - began)
            began = clock()
            states = states._replace(motion=_asked_for(requests, states.motion))
            seen, states = _to_avatar(seen, states, smoothing, motion)
            measurements.add("motion", clock() - began)
            if failing:
                logger.info("the tracker works again")
                failing = False
        except Exception as error:  # fail closed: whatever breaks, the avatar stays on the sinks
            measurements.count("tracker failures")
            seen = None
            states = states._replace(smoothing=smoothing.initial())
            if not failing:
                logger.exception("the tracker failed (%s); the avatar idles", error)
            failing = True
        measurements.count("no face" if seen is None else "faces")
        if seen is not None:
            seen_at = frame.captured_at
        pace.tracked(clock() - taken)
        tracked.put(Tracked(seen, frame.captured_at))


def _to_avatar(
    seen: Coefficients | None, states: StepStates, smoothing: Step, motion: Step
) -> tuple[Coefficients | None, StepStates]:
    """What the tracker saw through both steps; None when there is no face to believe in."""
    if seen is None or seen.confidence <= 0:
        return None, states
    _check_finite(seen, "tracker's")
    smooth, smoothing_state = smoothing.apply(seen, states.smoothing)
    states = states._replace(smoothing=smoothing_state)
    if smooth is None:
        return None, states
    _check_finite(smooth, "smoothed")
    moved, motion_state = motion.apply(smooth, states.motion)
    if moved is not None:
        _check_finite(moved, "avatar's")
    return moved, states._replace(motion=motion_state)


def _check_finite(coefficients: Coefficients, whose: str) -> None:
    if not coefficients.is_finite():
        raise FloatingPointError(f"the {whose} coefficients are not finite")


def _asked_for(requests: MotionRequests, state: Any) -> Any:
    while True:
        try:
            change = requests.get_nowait()
        except Empty:
            return state
        state = change(state)
