"""Mirror images of points whose pairs are known."""

import numpy as np
import numpy.typing as npt

from pechead_live.facemodel.similarity import Array


def mirrored(points: Array, pairs: npt.NDArray[np.intp]) -> Array:
    """(..., N, 3) the same points seen in a mirror at x = 0, in the same order.

    ``pairs`` (N,) is the point that each point becomes (`topology.MIRROR_POINTS`).
    """
    return points[..., pairs, :] * (-1, 1, 1)


def symmetric(points: Array, pairs: npt.NDArray[np.intp]) -> Array:
    """(..., N, 3) the mean of ``points`` and their mirror image: exactly its own mirror image."""
    return (points + mirrored(points, pairs)) / 2
