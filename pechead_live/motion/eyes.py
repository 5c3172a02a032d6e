"""Eyes of the avatar: lids from `lids.py`, and where they look."""

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.expression_groups import GAZE
from pechead_live.motion.lids import BLINK, OPEN_MOST, Array


def with_lids(expression: FloatArray, rest: FloatArray, shut: Array, gain: float) -> FloatArray:
    """A copy of ``expression`` (52,) whose lids are ``shut`` (2,) on top of the portrait's own.

    0 leaves them as in ``rest`` (52,), 1 shuts them, below 0 opens them by that many scores.
    """
    own = rest[BLINK].astype(np.float64)
    shut = np.where(shut < 1, np.clip(gain * shut, -1, 1), min(1.0, gain))
    lids = np.where(shut > 0, own + shut * (1 - own), own + shut)
    mapped = expression.copy()
    mapped[BLINK] = np.clip(lids, 0, 1).astype(np.float32)
    return mapped


def opened(rest: FloatArray) -> FloatArray:
    """``rest`` (52,) with the lids no further down than narrow open eyes: a portrait taken in a
    blink gets eyes that open."""
    awake = rest.copy()
    awake[BLINK] = np.minimum(rest[BLINK], np.float32(OPEN_MOST))
    return awake


def looking_at_camera(expression: FloatArray) -> FloatArray:
    """A copy of ``expression`` (52,) whose eyes look straight out of the head."""
    straight = expression.copy()
    straight[list(GAZE)] = 0.0
    return straight
