"""The face model fitted to one still, so that it meets the portrait's points exactly."""

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.fit import FitState, fit, initial_fit_state
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import FaceModel, points_of

ROUNDS = 4
"""The still is fitted again from the identity found before; it settles in three."""


def portrait_fit(measured: Measurement, model: FaceModel) -> tuple[Coefficients, FloatArray]:
    """Coefficients of one still, and delta (478, 3) that makes them meet its points exactly."""
    state = initial_fit_state(model)
    coefficients, state = fit(measured, model, state, captured_at=0.0)
    for _ in range(ROUNDS - 1):
        coefficients, state = fit(measured, model, state, captured_at=0.0)
    return coefficients, points_delta(measured, coefficients, model)


def fit_of_person(
    measured: Measurement, model: FaceModel, person: FitState
) -> tuple[Coefficients, FloatArray]:
    """As `portrait_fit`, with the settled identity of ``person``: a still and a film of one person
    are then measured alike, and the film's own first frame moves nothing."""
    coefficients, _ = fit(measured, model, person, captured_at=0.0)
    return coefficients, points_delta(measured, coefficients, model)


def points_delta(measured: Measurement, coefficients: Coefficients, model: FaceModel) -> FloatArray:
    """Delta (478, 3) that makes ``coefficients`` meet the points of ``measured`` exactly."""
    missing = np.zeros_like(model.mean)
    missing[:, :2] = (measured.points[:, :2] - points_of(model, coefficients)) / coefficients.scale
    delta = missing @ coefficients.rotation  # the inverse rotation of each row
    return delta.astype(np.float32)
