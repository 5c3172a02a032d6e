"""Measured faces for tests, made by the shipped face model: what was planted is known."""

from collections.abc import Mapping

import numpy as np

from pechead_live.coefficients import FloatArray, rotation_from_euler
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import FaceModel


def identity(seed: int, size: float = 1.0) -> FloatArray:
    """(50,) somebody."""
    return (size * np.random.default_rng(seed).standard_normal(50)).astype(np.float32)


def measured(
    model: FaceModel,
    *,
    person: FloatArray | None = None,
    expressions: Mapping[str, float] | None = None,
    scores: Mapping[str, float] | None = None,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    scale: float = 0.4,
    noise: float = 0.0,
    seed: int = 0,
) -> Measurement:
    """What a perfect detector would see of ``person``, up to ``noise`` in outer-eye distances.

    ``scores``, what it says of the expression, are the truth unless they are given.
    """
    alpha = np.zeros(50, np.float32) if person is None else person
    truth = model.from_arkit(expressions or {})
    shape = model.shape(alpha, truth)
    shape = shape + noise * np.random.default_rng(seed).standard_normal(shape.shape)
    points = scale * shape @ rotation_from_euler(yaw, pitch, roll).T + (0.1, -0.2, 0.0)
    return Measurement(
        points=points.astype(np.float32),
        scores=truth if scores is None else model.from_arkit(scores),
        presence=1.0,
        faces=1,
    )
