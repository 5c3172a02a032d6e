"""The condition c: pose and expression as the one vector that networks are told.

PECHead injects p and e (eq. 2); what p holds is left open there. Here it is where the head is and
how it is turned *in the picture*: without the place a network could not put its landmarks.
"""

import numpy as np

from pechead_live.coefficients import EXPRESSION_SIZE, Coefficients, FloatArray

POSE_SIZE = 9
"""Of the condition: rotation 6, translation 2, log scale 1."""

CONDITION_SIZE = POSE_SIZE + EXPRESSION_SIZE
"""Length of c: 61."""

CONDITION_MEAN: FloatArray = np.zeros(CONDITION_SIZE, np.float32)
"""(61,) what is subtracted before a network sees c."""

CONDITION_STD: FloatArray = np.ones(CONDITION_SIZE, np.float32)
"""(61,) what it is divided by then."""

# rounded from 23,000 frames of 52 people, cropped as training data is, both ways round
CONDITION_MEAN[:POSE_SIZE] = (1, 0, 0, 0, 1, 0, 0, 0.08, -0.45)
CONDITION_STD[:POSE_SIZE] = (0.05, 0.1, 0.16, 0.1, 0.05, 0.1, 0.1, 0.14, 0.15)
CONDITION_MEAN[POSE_SIZE:] = 0.15
CONDITION_STD[POSE_SIZE:] = 0.2


def condition_of(coefficients: Coefficients) -> FloatArray:
    """(61,) float32: rotation's first column, its second, tx, ty, log scale, 52 expressions."""
    c = coefficients
    return np.concatenate(
        [c.rotation[:, 0], c.rotation[:, 1], c.translation, [np.log(c.scale)], c.expression]
    ).astype(np.float32)
