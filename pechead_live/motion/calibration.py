"""Learning the anchor: from the first frame, or from a second of neutral face."""

import math

import numpy as np

from pechead_live.coefficients import Coefficients
from pechead_live.motion.lids import initial_lid_state
from pechead_live.motion.state import SAMPLES, Anchor, MotionState, anchor_of
from pechead_live.rotation import turn_between, turned

EASE_S = 0.15
"""Time constant with which a new anchor replaces an old one, seconds: no jump, soon done."""


def follow_anchor(
    driver: Coefficients, state: MotionState, *, calibrate: bool, calibration_s: float
) -> MotionState:
    """The state with this frame seen: its anchor set, learned or eased.

    With ``calibrate`` the first frame starts a calibration, and the anchor is what that has seen
    so far until it is done; a later calibration is used only when it is done.
    """
    if not state.started:
        anchor = anchor_of(driver)
        state = state._replace(
            anchor=anchor,
            target=anchor,
            lids=initial_lid_state(anchor.expression),
            calibrating=np.array(calibrate or bool(state.calibrating)),
            provisional=np.array(calibrate),
            captured_at=np.array(driver.captured_at),
            started=np.ones((), np.bool_),
        )
    if state.calibrating:
        state = _watched(driver, state, calibration_s)
        done = driver.captured_at >= float(state.calibrated_until)
        if done or state.provisional:
            state = state._replace(target=_median(state))
        if done:
            state = state._replace(
                calibrating=np.zeros((), np.bool_),
                provisional=np.zeros((), np.bool_),
                lids=initial_lid_state(state.target.expression),
            )
    elapsed = max(0.0, driver.captured_at - float(state.captured_at))
    return state._replace(
        anchor=_eased(state.anchor, state.target, 1 - math.exp(-elapsed / EASE_S)),
        captured_at=np.array(driver.captured_at),
    )


def _watched(driver: Coefficients, state: MotionState, calibration_s: float) -> MotionState:
    seen = anchor_of(driver)
    if int(state.samples) == 0:
        state = state._replace(
            first_rotation=seen.rotation,
            calibrated_until=np.array(driver.captured_at + calibration_s),
        )
    row = int(state.samples) % SAMPLES
    expressions, turns, places = (
        array.copy() for array in (state.expressions, state.turns, state.places)
    )
    expressions[row] = seen.expression
    turns[row] = turn_between(state.first_rotation, seen.rotation)
    places[row] = seen.place
    return state._replace(
        expressions=expressions,
        turns=turns,
        places=places,
        samples=state.samples + np.int64(1),
    )


def _median(state: MotionState) -> Anchor:
    rows = slice(0, min(int(state.samples), SAMPLES))
    return Anchor(
        expression=np.median(state.expressions[rows], axis=0).astype(np.float32),
        rotation=turned(state.first_rotation, np.median(state.turns[rows], axis=0)),
        place=np.median(state.places[rows], axis=0).astype(np.float32),
    )


def _eased(anchor: Anchor, target: Anchor, share: float) -> Anchor:
    turn = turn_between(anchor.rotation, target.rotation)
    expression = anchor.expression + share * (target.expression - anchor.expression)
    place = anchor.place + share * (target.place - anchor.place)
    return Anchor(
        expression=expression.astype(np.float32),
        rotation=turned(anchor.rotation, share * turn),
        place=place.astype(np.float32),
    )
