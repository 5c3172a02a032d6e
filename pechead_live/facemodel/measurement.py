"""`Measurement`: what a landmark detector saw of one face, before any model is fitted."""

from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.topology import LEFT_OUTER_EYE, RIGHT_OUTER_EYE

POINTS = 478
"""MediaPipe's topology: 468 points of the face mesh, then five of each iris."""


class Measurement(NamedTuple):
    """One face in one picture."""

    points: FloatArray
    """(478, 3) picture coordinates (`pechead_live.coefficients`); z away from the viewer."""

    scores: FloatArray
    """(52,) expressions in [0, 1], ordered as `EXPRESSION_NAMES`; tongueOut is always 0."""

    presence: float
    """[0, 1]; how sure the detector is that there is a face."""

    faces: int
    """How many faces the picture holds; this is the largest."""


def outer_eye_distance(points: FloatArray) -> float:
    """Distance of the outer eye corners in the picture plane, in the units of ``points``."""
    return float(np.linalg.norm(points[RIGHT_OUTER_EYE, :2] - points[LEFT_OUTER_EYE, :2]))


def face_size(points: FloatArray) -> float:
    """Larger side of the box around the points, in their units."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return float((high - low).max())
