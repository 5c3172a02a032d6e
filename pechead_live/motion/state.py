"""`MotionState`: what retargeting remembers, above all the driver's anchor.

The anchor is the driver's face that counts as the portrait's own: the first frame, or the median
over a second of neutral face, in which a blink disappears.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import EXPRESSION_SIZE, Coefficients, FloatArray
from pechead_live.motion.lids import LidState, initial_lid_state

SAMPLES = 64
"""Frames of a calibration that are kept: a second at 60 frames a second."""


class Anchor(NamedTuple):
    """A driver's face that counts as the portrait's own."""

    expression: FloatArray
    """(52,)."""
    rotation: FloatArray
    """(3, 3)."""
    place: FloatArray
    """(3,) x, y, logarithm of the scale."""


class MotionState(NamedTuple):
    """Zeros before the first frame."""

    anchor: Anchor
    """In use now."""
    target: Anchor
    """Towards which `anchor` eases."""
    expressions: FloatArray
    """(64, 52) seen in the running calibration."""
    turns: FloatArray
    """(64, 3) rotation vectors from the calibration's first frame."""
    places: FloatArray
    """(64, 3) x, y, logarithm of the scale."""
    first_rotation: FloatArray
    """(3, 3) the calibration's first."""
    samples: npt.NDArray[np.int64]
    """() how many of the 64 are filled."""
    calibrated_until: npt.NDArray[np.float64]
    """() when the running calibration ends, seconds; infinite before its first frame."""
    calibrating: npt.NDArray[np.bool_]
    """()."""
    captured_at: npt.NDArray[np.float64]
    """() of the last frame, seconds."""
    started: npt.NDArray[np.bool_]
    """() False until there is an anchor."""
    provisional: npt.NDArray[np.bool_]
    """() the anchor is what the first calibration has seen so far."""
    lids: LidState
    """How far this driver's eyes open and close."""


def anchor_of(coefficients: Coefficients) -> Anchor:
    """This face as an anchor."""
    x, y = (float(value) for value in coefficients.translation)
    return Anchor(
        expression=coefficients.expression,
        rotation=coefficients.rotation,
        place=np.array([x, y, math.log(coefficients.scale)], np.float32),
    )


def initial_motion_state(anchor: Coefficients | None = None) -> MotionState:
    """The state before the first frame; with ``anchor`` that face is the anchor from the start."""
    nothing = Anchor(
        expression=np.zeros(EXPRESSION_SIZE, np.float32),
        rotation=np.eye(3, dtype=np.float32),
        place=np.zeros(3, np.float32),
    )
    start = nothing if anchor is None else anchor_of(anchor)
    return MotionState(
        anchor=start,
        target=start,
        expressions=np.zeros((SAMPLES, EXPRESSION_SIZE), np.float32),
        turns=np.zeros((SAMPLES, 3), np.float32),
        places=np.zeros((SAMPLES, 3), np.float32),
        first_rotation=np.eye(3, dtype=np.float32),
        samples=np.zeros((), np.int64),
        calibrated_until=np.array(math.inf),
        calibrating=np.zeros((), np.bool_),
        captured_at=np.zeros(()),
        started=np.array(anchor is not None),
        provisional=np.zeros((), np.bool_),
        lids=initial_lid_state(start.expression),
    )


def request_calibration(state: MotionState) -> MotionState:
    """Starts a calibration with the next frame: look at the camera, neutral face."""
    return state._replace(
        calibrating=np.ones((), np.bool_),
        samples=np.zeros((), np.int64),
        calibrated_until=np.array(math.inf),
    )
