"""Mirror symmetry of a set of points: which point becomes which, and faces made symmetric by it."""

import numpy as np
import numpy.typing as npt

from pechead_live.errors import InputError
from pechead_live.facemodel.similarity import Array, umeyama
from pechead_live.facemodel.topology import (
    CHIN,
    FOREHEAD,
    LEFT_OUTER_EYE,
    NOSE_TIP,
    RIGHT_OUTER_EYE,
)

_MATCHINGS = 10
"""More than the closest-point iteration ever needed on a mean of faces."""


def mirror_permutation(mean: Array) -> npt.NDArray[np.intp]:
    """(N,) the point that each point becomes in a mirror, by matching the mirrored face to itself.

    The face may be turned: mirrored and original are aligned again after each matching (iterated
    closest point). `InputError` unless the pairing is its own inverse.
    """
    flipped = mean * (-1, 1, 1)
    marks = [RIGHT_OUTER_EYE, LEFT_OUTER_EYE, NOSE_TIP, CHIN, FOREHEAD]
    swapped = [LEFT_OUTER_EYE, RIGHT_OUTER_EYE, NOSE_TIP, CHIN, FOREHEAD]
    moved = umeyama(flipped[swapped], mean[marks], np.ones(len(marks))).apply(flipped)
    nearest = np.arange(len(mean))
    for _ in range(_MATCHINGS):
        distance = np.linalg.norm(mean[:, None] - moved[None], axis=-1)
        nearest = distance.argmin(axis=1)
        moved = umeyama(flipped[nearest], mean, np.ones(len(mean))).apply(flipped)
    if not np.array_equal(nearest[nearest], np.arange(len(mean))):
        raise InputError(
            "the mean face is too lopsided to pair its left points with its right ones: "
            "give more people, or people who look at the camera"
        )
    return nearest


def mirrored(points: Array, permutation: npt.NDArray[np.intp]) -> Array:
    """(..., N, 3) the same points seen in a mirror at x = 0, in the same order."""
    return points[..., permutation, :] * (-1, 1, 1)


def symmetric(points: Array, permutation: npt.NDArray[np.intp]) -> Array:
    """(..., N, 3) the mean of ``points`` and their mirror image: exactly its own mirror image."""
    return (points + mirrored(points, permutation)) / 2
