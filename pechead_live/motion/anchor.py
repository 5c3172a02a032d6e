"""Finding the best anchor in a whole recording (FOMM's ``find_best_frame``, in coefficients)."""

from collections.abc import Sequence

import numpy as np

from pechead_live.coefficients import Coefficients
from pechead_live.errors import NoFaceError
from pechead_live.expression_groups import GAZE
from pechead_live.rotation import angle_between

DEGREES = 15.0
"""A turn of this many degrees counts like one whole expression: both look equally different."""


def find_anchor(coefficients: Sequence[Coefficients], rest: Coefficients) -> int:
    """Index of the frame whose pose and expression are nearest to the portrait's ``rest``.

    Place and size do not count, nor does where the eyes look.
    """
    face = np.ones(len(rest.expression), bool)
    face[list(GAZE)] = False
    distances = [
        float(np.linalg.norm((frame.expression - rest.expression)[face])) ** 2
        + (angle_between(rest.rotation, frame.rotation) / DEGREES) ** 2
        if frame.confidence > 0
        else np.inf
        for frame in coefficients
    ]
    if not distances or not np.isfinite(min(distances)):
        raise NoFaceError("the recording shows no face in any frame: use another one")
    return int(np.argmin(distances))
