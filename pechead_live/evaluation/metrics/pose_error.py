"""ARE: does the head stand as it was asked to (HeadGAN; PECHead, table 3)."""

import numpy as np

from pechead_live.coefficients import FloatArray, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.motion import ard

LARGEST_YAW = 90.0
"""Degrees; beyond it the three angles are not unique."""


def are(generated: FloatArray, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> float:
    """Average rotation error: mean absolute difference of three Euler angles, degrees, between the
    (3, 3) rotation measured on the ``generated`` picture and the pose asked for (degrees, signs as
    in `coefficients`); none given is frontalisation.

    The measured rotation must come from the tracker that ARD uses.
    """
    if not (abs(yaw) < LARGEST_YAW and np.isfinite([pitch, roll]).all()):
        raise InputError(
            f"a pose of yaw {yaw}, pitch {pitch}, roll {roll}: ask for degrees, yaw within "
            f"±{LARGEST_YAW:g}"
        )
    if generated.shape != (3, 3) or not np.isfinite(generated).all():
        raise InputError(
            f"a measured rotation of shape {generated.shape} that may hold NaN: leave pictures "
            "without a face out"
        )
    return ard(rotation_from_euler(yaw, pitch, roll), generated)
