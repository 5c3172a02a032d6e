"""The steps of a live loop as commands and studio use them: believe, smooth, retarget, label."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from pechead_live.coefficients import Coefficients
from pechead_live.frame import Picture
from pechead_live.live.step import Step
from pechead_live.motion import (
    MotionConfig,
    MotionState,
    Overrides,
    apply_overrides,
    initial_motion_state,
    retarget,
)
from pechead_live.sink.label import draw_label
from pechead_live.tracker.filter import FilterState, filter_coefficients, initial_filter_state
from pechead_live.tracker.outlier import OutlierState, initial_outlier_state, reject_outlier

SmoothingState = tuple[OutlierState, FilterState]


def smoothing_step() -> Step:
    """Rejects jumps that no head makes, then smooths."""
    return Step(lambda: (initial_outlier_state(), initial_filter_state()), _believe_and_smooth)


def motion_step(rest: Coefficients, config: MotionConfig, overrides: Overrides) -> Step:
    """The driver's coefficients to those of the portrait at ``rest``."""
    return Step(initial_motion_state, partial(_move, rest=rest, config=config, overrides=overrides))


def motion_of(
    driver: Sequence[Coefficients], rest: Coefficients, config: MotionConfig
) -> list[Coefficients]:
    """A driver's whole motion as that of the portrait at ``rest``, without the frames in which no
    face was seen."""
    step = motion_step(rest, config, Overrides())
    state = step.initial()
    motion: list[Coefficients] = []
    for coefficients in driver:
        moved, state = step.apply(coefficients, state)
        if moved is not None and moved.confidence > 0:
            motion.append(moved)
    return motion


def labelled(picture: Picture) -> Picture:
    """``picture`` with the visible "AI" label."""
    return replace(picture, pixels=draw_label(picture.pixels))


def _believe_and_smooth(
    coefficients: Coefficients, state: SmoothingState
) -> tuple[Coefficients | None, SmoothingState]:
    outliers, smoothness = state
    believed, outliers = reject_outlier(coefficients, outliers)
    if believed is None:
        return None, (outliers, smoothness)
    smooth, smoothness = filter_coefficients(believed, smoothness)
    return smooth, (outliers, smoothness)


def _move(
    coefficients: Coefficients,
    state: MotionState,
    *,
    rest: Coefficients,
    config: MotionConfig,
    overrides: Overrides,
) -> tuple[Coefficients | None, MotionState]:
    moved, state = retarget(coefficients, rest, state, config)
    return apply_overrides(moved, overrides), state
