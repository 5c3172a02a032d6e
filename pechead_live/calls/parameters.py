"""Coefficients as 52 numbers that a stream carries, and back.

Yaw, pitch and roll in degrees; translation in picture coordinates; the scale's natural logarithm;
and 46 expressions, the opposite ends of a movement being one number from -1 to 1. Identity is the
avatar's and does not travel.
"""

import math

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import (
    EXPRESSION_SIZE,
    Coefficients,
    FloatArray,
    euler_from_rotation,
    rotation_from_euler,
)
from pechead_live.expression_groups import OPPOSITES
from pechead_live.expressions import EXPRESSION_NAMES

_OPPOSITE = dict(OPPOSITES)
_CARRIED = tuple(i for i in range(EXPRESSION_SIZE) if i not in _OPPOSITE.values())

POSE = ("yaw", "pitch", "roll", "x", "y", "log_scale")

PARAMETERS: tuple[str, ...] = POSE + tuple(EXPRESSION_NAMES[i] for i in _CARRIED)
"""Their names, in order; one that has an opposite is named by its positive end."""

COUNT = len(PARAMETERS)

LARGEST_LOG_SCALE = 8.0
"""Decoded scales lie within e^-8 and e^8, so that no number overflows."""

Parameters = npt.NDArray[np.float64]


def to_parameters(coefficients: Coefficients) -> Parameters:
    """(52,) float64, ordered as `PARAMETERS`."""
    c = coefficients
    values = np.empty(COUNT)
    values[:3] = euler_from_rotation(c.rotation)
    values[3:5] = c.translation
    values[5] = math.log(c.scale)
    values[6:] = [
        float(c.expression[i]) - (float(c.expression[_OPPOSITE[i]]) if i in _OPPOSITE else 0.0)
        for i in _CARRIED
    ]
    return values


def from_parameters(
    values: Parameters, *, identity: FloatArray, confidence: float, captured_at: float
) -> Coefficients:
    """The inverse, with the avatar's ``identity`` (50,); expressions are clipped to [0, 1]."""
    expression = np.zeros(EXPRESSION_SIZE, np.float32)
    for i, value in zip(_CARRIED, values[6:], strict=True):
        expression[i] = min(max(value, 0.0), 1.0)
        if i in _OPPOSITE:
            expression[_OPPOSITE[i]] = min(max(-value, 0.0), 1.0)
    return Coefficients(
        identity=identity,
        expression=expression,
        rotation=rotation_from_euler(*(float(angle) for angle in values[:3])),
        translation=values[3:5].astype(np.float32),
        scale=math.exp(min(max(float(values[5]), -LARGEST_LOG_SCALE), LARGEST_LOG_SCALE)),
        confidence=confidence,
        captured_at=captured_at,
    )
