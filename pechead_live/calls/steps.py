"""Quantisation steps from what they do to the avatar's picture, in pixels.

A step of any parameter moves the avatar's landmarks by the same number of pixels, root mean square
over all 478: at the least error for its bits every quantiser does the same harm. Steps by the mean
fourth power, or with the most moved landmark counting more, cost as many bits for the same error; a
transform (KLT) of the 52 saves nothing (both measured on 12 clips of the training data).
"""

import numpy as np

from pechead_live.calls.parameters import COUNT, Parameters, from_parameters, to_parameters
from pechead_live.coefficients import Coefficients
from pechead_live.facemodel.model import FaceModel, points_of

PICTURE = 256
"""Pixels of the picture's side that quality is counted in."""

_NUDGE = np.array([0.5, 0.5, 0.5, 0.004, 0.004, 0.01] + [0.1] * (COUNT - 6))

_MIDDLE = np.array([0.0] * 6 + [0.1] * (COUNT - 6))
"""Expressions are nudged around a slight one: they do not go below 0."""

UNSEEN = 0.02
"""Pixels: a parameter whose whole range moves the landmarks by less is not carried."""


def effects(rest: Coefficients, face_model: FaceModel) -> Parameters:
    """(52,) pixels (RMS over landmarks, 256 x 256) that a unit of each parameter moves the avatar
    whose coefficients at rest are ``rest``."""
    around = to_parameters(rest)
    around[6:] = 0.0
    around = around + _MIDDLE

    def points(values: Parameters) -> Parameters:
        moved = from_parameters(values, identity=rest.identity, confidence=1.0, captured_at=0.0)
        return points_of(face_model, moved).astype(np.float64) * ((PICTURE - 1) / 2)

    found = np.empty(COUNT)
    for place in range(COUNT):
        nudge = np.zeros(COUNT)
        nudge[place] = _NUDGE[place]
        apart = (points(around + nudge) - points(around - nudge)) / (2 * _NUDGE[place])
        found[place] = np.sqrt((apart**2).sum(axis=1).mean())
    return found


def steps_for(rest: Coefficients, face_model: FaceModel, *, quality_px: float) -> Parameters:
    """(52,) a step of each, ``quality_px`` pixels wide; 0 for those that are not carried."""
    moved = effects(rest, face_model)
    seen = moved > UNSEEN
    return np.where(seen, quality_px / np.where(seen, moved, 1.0), 0.0)
