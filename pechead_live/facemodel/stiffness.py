"""How far each point of a face moves with the skull alone."""

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.similarity import Array
from pechead_live.facemodel.topology import CHIN, NOSE_TIP


def stiffness(shape: Array, least: float = 0.05) -> FloatArray:
    """(N,) weight of each point of ``shape`` (N, 3) for alignment: 1 on the skull, falling below
    the nose to ``least`` on the jaw. With equal weights an opening jaw passes for a turning head.
    """
    below = (shape[:, 1] - shape[NOSE_TIP, 1]) / (shape[CHIN, 1] - shape[NOSE_TIP, 1])
    return np.clip(1 - 2.5 * below, least, 1.0).astype(np.float32)
