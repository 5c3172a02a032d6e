"""Rotations as vectors: the axis times the angle in radians, and back."""

import math

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray

Vector = npt.NDArray[np.float64]


def rotation_vector(rotation: npt.NDArray[np.floating]) -> Vector:
    """(3, 3) rotation to (3,) axis times angle, radians, its length in [0, pi]."""
    matrix = np.asarray(rotation, np.float64)
    twice_sine = np.array(
        [
            matrix[2, 1] - matrix[1, 2],
            matrix[0, 2] - matrix[2, 0],
            matrix[1, 0] - matrix[0, 1],
        ]
    )
    sine = float(np.linalg.norm(twice_sine)) / 2
    cosine = (float(np.trace(matrix)) - 1) / 2
    if sine > 1e-6:
        return twice_sine * (math.atan2(sine, cosine) / (2 * sine))
    if cosine > 0:
        return twice_sine / 2
    # Half a turn: the axis is the direction that the rotation leaves alone.
    symmetric = matrix + np.eye(3)
    axis = symmetric[:, int(np.argmax(np.diag(symmetric)))]
    return axis * (math.pi / float(np.linalg.norm(axis)))


def rotation_from_vector(vector: npt.NDArray[np.floating]) -> FloatArray:
    """(3,) axis times angle in radians to a (3, 3) rotation (Rodrigues)."""
    x, y, z = (float(value) for value in vector)
    angle = math.sqrt(x * x + y * y + z * z)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    first = math.sin(angle) / angle if angle > 1e-8 else 1.0
    second = (1 - math.cos(angle)) / (angle * angle) if angle > 1e-4 else 0.5
    return (np.eye(3) + first * cross + second * (cross @ cross)).astype(np.float32)


def turn_between(start: FloatArray, end: FloatArray) -> Vector:
    """(3,) rotation vector that, applied on the left, takes ``start`` to ``end``."""
    return rotation_vector(end.astype(np.float64) @ start.astype(np.float64).T)


def turned(rotation: FloatArray, vector: npt.NDArray[np.floating]) -> FloatArray:
    """``rotation`` turned by ``vector`` on the left; rounding errors do not pile up."""
    matrix = rotation_from_vector(vector).astype(np.float64) @ rotation.astype(np.float64)
    # One Newton step towards the nearest rotation.
    return (0.5 * matrix @ (3 * np.eye(3) - matrix.T @ matrix)).astype(np.float32)


def angle_between(start: FloatArray, end: FloatArray) -> float:
    """The angle of the turn from ``start`` to ``end``, degrees in [0, 180]."""
    return math.degrees(float(np.linalg.norm(turn_between(start, end))))
