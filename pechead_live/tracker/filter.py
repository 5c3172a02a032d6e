"""One-Euro filtering in coefficient space: still when the face is, quick when it moves.

Casiez, Roussel, Vogel: "1 € Filter" (CHI 2012): a low-pass whose cut-off is ``cutoff + beta *
speed``. One setting per group, because noise and pace differ: a blink lasts 0.1 s, a head turn 1 s.
Rotation is filtered as a rotation vector in the tangent of the last estimate. Speeds count in
degrees, per cent of the outer-eye distance (place and log size) and whole expressions a second.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import EXPRESSION_SIZE, Coefficients, FloatArray
from pechead_live.expression_groups import BROWS, GAZE, LIDS, MOUTH
from pechead_live.rotation import turn_between, turned

Array = npt.NDArray[np.float64]

GAZE_DEGREES = 30.0
"""Eye angle of an eyeLook score of 1, roughly (29 inwards to 41 outwards in ARKit recordings)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterConfig:
    """Cut-offs in Hz at rest, and how much each unit of speed adds to them."""

    rotation_cutoff: float = 1.2
    """Head angles at rest, Hz."""
    rotation_beta: float = 0.4
    """Hz per degree a second."""
    position_cutoff: float = 1.0
    """Place and size at rest, Hz."""
    position_beta: float = 0.3
    """Hz per per cent of the outer-eye distance a second."""
    brows_cutoff: float = 1.5
    """Brows, cheeks and nose at rest, Hz."""
    brows_beta: float = 0.5
    """Hz per whole expression a second."""
    mouth_cutoff: float = 3.0
    """Jaw and lips at rest, Hz."""
    mouth_beta: float = 1.5
    """Hz per whole expression a second."""
    lids_cutoff: float = 6.0
    """Lids at rest, Hz: blinks must not lag."""
    lids_beta: float = 4.0
    """Hz per whole expression a second."""
    gaze_cutoff: float = 2.0
    """Gaze between dead zone and saccade, Hz."""
    gaze_dead_zone: float = 1.0
    """Degrees by which the eyes may seem to move without the gaze following."""
    gaze_saccade: float = 4.0
    """A jump of more degrees than this is real and passes unfiltered."""
    speed_cutoff: float = 1.0
    """Low-pass of the speeds themselves, Hz."""
    gap_s: float = 0.5
    """After a pause longer than this the next frame starts afresh, seconds."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = float(getattr(self, name))
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a finite number of at least 0, not {value}")
        if min(self.cutoffs()) <= 0 or self.speed_cutoff <= 0:
            raise ValueError("every cut-off must be above 0 Hz: at 0 nothing would ever move")

    def cutoffs(self) -> tuple[float, ...]:
        """The six cut-offs at rest, Hz."""
        return (
            self.rotation_cutoff,
            self.position_cutoff,
            self.brows_cutoff,
            self.mouth_cutoff,
            self.lids_cutoff,
            self.gaze_cutoff,
        )


class FilterState(NamedTuple):
    """The last estimate and its speed."""

    expression: Array
    """(52,) estimate."""
    expression_speed: Array
    """(52,) a second."""
    rotation: FloatArray
    """(3, 3) estimate."""
    rotation_speed: Array
    """(3,) degrees a second."""
    position: Array
    """(3,) x, y, logarithm of the scale."""
    position_speed: Array
    """(3,) per cent of the outer-eye distance a second."""
    captured_at: Array
    """() seconds of the last frame."""
    started: npt.NDArray[np.bool_]
    """() False before the first frame."""


def initial_filter_state() -> FilterState:
    """The state before the first frame."""
    return FilterState(
        expression=np.zeros(EXPRESSION_SIZE),
        expression_speed=np.zeros(EXPRESSION_SIZE),
        rotation=np.eye(3, dtype=np.float32),
        rotation_speed=np.zeros(3),
        position=np.zeros(3),
        position_speed=np.zeros(3),
        captured_at=np.zeros(()),
        started=np.zeros((), np.bool_),
    )


def filter_coefficients(
    coefficients: Coefficients, state: FilterState, config: FilterConfig | None = None
) -> tuple[Coefficients, FilterState]:
    """One frame, filtered. A frame without a face (confidence 0) passes and changes nothing."""
    config = config or FilterConfig()
    if coefficients.confidence <= 0:
        return coefficients, state
    dt = coefficients.captured_at - float(state.captured_at)
    if not state.started or not 0 < dt <= config.gap_s:
        return coefficients, _started(coefficients)
    speed_share = _share(config.speed_cutoff, dt)

    turn = np.degrees(turn_between(state.rotation, coefficients.rotation))
    rotation_speed = state.rotation_speed + speed_share * (turn / dt - state.rotation_speed)
    pace = float(np.linalg.norm(rotation_speed))  # one cut-off for the three: no detours
    share = _share(config.rotation_cutoff + config.rotation_beta * pace, dt)
    rotation = turned(state.rotation, np.radians(share * turn))

    step = _position(coefficients) - state.position
    percent = 100 * step / np.array([coefficients.scale, coefficients.scale, 1.0])
    position_speed = state.position_speed + speed_share * (percent / dt - state.position_speed)
    pace = float(np.linalg.norm(position_speed))
    share = _share(config.position_cutoff + config.position_beta * pace, dt)
    position = state.position + share * step

    expression, expression_speed = _filter_expression(coefficients, state, config, dt)
    smooth = replace(
        coefficients,
        expression=expression.astype(np.float32),
        rotation=rotation,
        translation=position[:2].astype(np.float32),
        scale=math.exp(float(position[2])),
    )
    return smooth, FilterState(
        expression=expression,
        expression_speed=expression_speed,
        rotation=rotation,
        rotation_speed=rotation_speed,
        position=position,
        position_speed=position_speed,
        captured_at=np.array(coefficients.captured_at),
        started=np.ones((), np.bool_),
    )


def _filter_expression(
    coefficients: Coefficients, state: FilterState, config: FilterConfig, dt: float
) -> tuple[Array, Array]:
    step = coefficients.expression - state.expression
    speed_share = _share(config.speed_cutoff, dt)
    speed = state.expression_speed + speed_share * (step / dt - state.expression_speed)
    cutoff = np.full(EXPRESSION_SIZE, config.gaze_cutoff)
    for group, rest, beta in (
        (BROWS, config.brows_cutoff, config.brows_beta),
        (MOUTH, config.mouth_cutoff, config.mouth_beta),
        (LIDS, config.lids_cutoff, config.lids_beta),
    ):
        cutoff[list(group)] = rest + beta * np.abs(speed[list(group)])
    share = 1 / (1 + 1 / (2 * math.pi * cutoff * dt))
    gaze = list(GAZE)
    moved = GAZE_DEGREES * float(np.abs(step[gaze]).max())
    if moved < config.gaze_dead_zone:
        share[gaze] = 0.0
    elif moved > config.gaze_saccade:
        share[gaze] = 1.0
    return state.expression + share * step, speed


def _share(cutoff: float, dt: float) -> float:
    """How much of the way to the new value a low-pass goes in ``dt`` seconds."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * dt))


def _position(coefficients: Coefficients) -> Array:
    x, y = (float(value) for value in coefficients.translation)
    return np.array([x, y, math.log(coefficients.scale)])


def _started(coefficients: Coefficients) -> FilterState:
    return initial_filter_state()._replace(
        expression=coefficients.expression.astype(np.float64),
        rotation=coefficients.rotation,
        position=_position(coefficients),
        captured_at=np.array(coefficients.captured_at),
        started=np.ones((), np.bool_),
    )
