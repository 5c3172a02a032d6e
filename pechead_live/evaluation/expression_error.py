"""AUH of two films out of their fitted coefficients; a frame without a face is left out."""

from collections.abc import Sequence

import numpy as np

from pechead_live.coefficients import EXPRESSION_SIZE, Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.action_units import auh, unit_thresholds


def action_unit_error(
    driver: Sequence[Coefficients],
    seen: Sequence[Coefficients | None],
    thresholds: FloatArray | None = None,
) -> float | None:
    """Of the frames of ``seen`` against those of ``driver``; ``thresholds`` as in `auh`. None when
    no frame shows a face, or ``driver`` is too short to be judged by its own median."""
    try:
        return auh(expressions_of(driver), expressions_of(seen), thresholds)
    except InputError:
        return None


def thresholds_of(driver: Sequence[Coefficients]) -> FloatArray:
    """(20,) `unit_thresholds` of a whole driving clip."""
    return unit_thresholds(expressions_of(driver))


def expressions_of(frames: Sequence[Coefficients | None]) -> FloatArray:
    """(T, 52), NaN where there is no face."""
    gone = np.full(EXPRESSION_SIZE, np.nan, np.float32)
    return np.stack([gone if c is None else c.expression for c in frames])
