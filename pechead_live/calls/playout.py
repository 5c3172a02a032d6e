"""What the receiver shows at a moment: frames in their time, joined, and gaps bridged.

Frames come early, late or never. They are shown a little after the quickest of them could have been
(the jitter buffer), values between two frames on the line from one to the other. Where the next one
is missing the motion goes on for a moment, ever more slowly; when frames come again, what is shown
moves over to them instead of jumping.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pechead_live.calls.decoder import Received
from pechead_live.calls.parameters import Parameters, from_parameters, to_parameters
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.errors import InputError

WINDOW_S = 2.0
"""So long ways are remembered, to know the shortest and how much they differ."""

SPREAD = 0.9
"""Share of the frames that shall be there in time, as far as `longest_wait_s` allows."""

DAMPING_S = 0.05
"""A motion that goes on without frames loses its speed by 1/e in this time."""

HURRY = 0.1
"""The stream's time runs by up to a tenth faster or slower to where it should be."""

JUMP_S = 0.5
"""Where it is farther from there, it jumps."""

KEPT = 64
"""Frames that are remembered."""


@dataclass(frozen=True, kw_only=True)
class PlayoutConfig:
    """How a receiver bridges what the line does."""

    longest_wait_s: float = 0.06
    """Of the jitter buffer, at most."""

    bridged_s: float = 0.12
    """So long a motion goes on without frames; then it stands."""

    recovery_s: float = 0.08
    """Time constant with which what is shown moves over to frames that come again: a spring that is
    damped critically, so that it sets off gently, too."""

    lost_s: float = 1.0
    """Without frames for so long, nobody is there: a silence is shorter."""

    def __post_init__(self) -> None:
        for name in ("longest_wait_s", "bridged_s", "recovery_s", "lost_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} {value}: give seconds above 0")


class _Sample(NamedTuple):
    number: int
    time: float
    """Of capture, seconds of the stream."""
    values: Parameters
    interval_s: float
    lost: bool
    holds: bool
    confidence: float
    came: float
    """Seconds of the receiver's clock."""


class PlayoutState(NamedTuple):
    """From frame to frame."""

    samples: tuple[_Sample, ...]
    """In the order of their times."""
    time: float
    """Of the stream, as it was shown last."""
    shown_at: float
    correction: Parameters
    """What is still added to the frames' values, so that nothing jumps."""
    correction_speed: Parameters
    """By which it changes, per second."""


class Shown(NamedTuple):
    """What is to be drawn."""

    coefficients: Coefficients
    bridged: bool
    """The frame that belongs here is missing."""
    face: bool
    """Whether the sender's face is there; where it is not, and has not been for long, the avatar
    should rest."""
    delay_s: float
    """How long ago this was captured, by the quickest frame's way: the jitter buffer's share."""


def initial_playout() -> PlayoutState:
    """Before the first frame."""
    nothing = np.zeros(len(to_parameters(Coefficients())))
    return PlayoutState((), -math.inf, -math.inf, nothing, nothing)


def arrived(state: PlayoutState, frame: Received, at: float, config: PlayoutConfig) -> PlayoutState:
    """The state with a frame that came ``at`` seconds of the receiver's clock."""
    c = frame.coefficients
    sample = _Sample(
        number=frame.number,
        time=c.captured_at,
        values=to_parameters(c),
        interval_s=frame.interval_s,
        lost=frame.lost,
        holds=frame.holds,
        confidence=c.confidence,
        came=at,
    )
    # Times grow with numbers; what does not fit to this frame goes.
    earlier = [s for s in state.samples if s.number < frame.number and s.time < sample.time]
    later = [s for s in state.samples if s.number > frame.number and s.time > sample.time]
    samples = (*earlier, sample, *later)[-KEPT:]
    correction = state.correction
    if state.samples and math.isfinite(state.time):
        before = _values_at(state.samples, state.time, config)
        correction = correction + before - _values_at(samples, state.time, config)
    return state._replace(samples=samples, correction=correction)


def shown(
    state: PlayoutState, now: float, config: PlayoutConfig, *, identity: FloatArray
) -> tuple[Shown | None, PlayoutState]:
    """What to draw ``now``, seconds of the receiver's clock; None before the first frame.

    ``identity``: (50,) the avatar's.
    """
    if not state.samples:
        return None, state
    elapsed = max(0.0, now - state.shown_at) if math.isfinite(state.shown_at) else 0.0
    quickest, wait = _ways(state, config)
    due = now - quickest - wait
    time = _nearer(state.time, elapsed, due)
    correction, speed = _relaxed(state, elapsed, config)
    if math.isfinite(state.time) and abs(time - state.time - elapsed) > JUMP_S / 2:
        onward = _values_at(state.samples, state.time + elapsed, config)
        correction = correction + onward - _values_at(state.samples, time, config)
    newest = state.samples[-1]
    current = _before(state.samples, time)
    missing = time > newest.time + 1e-6 and not newest.holds
    gone = time - newest.time > config.lost_s
    face = not current.lost and not gone
    coefficients = from_parameters(
        _values_at(state.samples, time, config) + correction,
        identity=identity,
        confidence=current.confidence if face else 0.0,
        captured_at=time,
    )
    said = Shown(coefficients, missing, face, now - quickest - time)
    state = state._replace(time=time, shown_at=now, correction=correction, correction_speed=speed)
    return said, state


def _ways(state: PlayoutState, config: PlayoutConfig) -> tuple[float, float]:
    """The shortest way of late, and how long to wait for the longer ones."""
    newest = max(sample.came for sample in state.samples)
    near = (sample for sample in state.samples if sample.came >= newest - WINDOW_S)
    ways = sorted(sample.came - sample.time for sample in near)
    most = ways[math.ceil(SPREAD * len(ways)) - 1] - ways[0]
    # Until the next frame is due there must be one to move towards.
    wait = most + state.samples[-1].interval_s
    return ways[0], min(wait, config.longest_wait_s)


def _relaxed(
    state: PlayoutState, elapsed: float, config: PlayoutConfig
) -> tuple[Parameters, Parameters]:
    """Correction and its speed after ``elapsed`` seconds."""
    rate = 1 / config.recovery_s
    both = state.correction_speed + rate * state.correction
    left = math.exp(-rate * elapsed)
    return (
        (state.correction + both * elapsed) * left,
        (state.correction_speed - rate * both * elapsed) * left,
    )


def _nearer(time: float, elapsed: float, due: float) -> float:
    """The stream's time, ``elapsed`` after it was ``time``."""
    if not math.isfinite(time) or abs(due - time - elapsed) > JUMP_S:
        return due
    return time + min(max(due - time, (1 - HURRY) * elapsed), (1 + HURRY) * elapsed)


def _before(samples: tuple[_Sample, ...], time: float) -> _Sample:
    place = bisect_right([sample.time for sample in samples], time)
    return samples[max(0, place - 1)]


def _values_at(samples: tuple[_Sample, ...], time: float, config: PlayoutConfig) -> Parameters:
    """(52,) between the frames around ``time``, or beyond the newest."""
    place = bisect_right([sample.time for sample in samples], time)
    if place == 0:
        return samples[0].values
    before = samples[place - 1]
    if place < len(samples):
        after = samples[place]
        # After a silence the motion began one interval before its first frame.
        began = max(before.time, after.time - after.interval_s) if before.holds else before.time
        share = max(0.0, time - began) / max(after.time - began, 1e-6)
        return before.values + (after.values - before.values) * min(share, 1.0)
    if before.holds or before.lost or len(samples) < 2:
        return before.values
    earlier = samples[-2]
    apart = before.time - earlier.time
    if apart > config.bridged_s or earlier.lost:
        return before.values
    beyond = min(time - before.time, config.bridged_s)
    gone_on = DAMPING_S * (1 - math.exp(-beyond / DAMPING_S))
    return before.values + (before.values - earlier.values) / apart * gone_on
