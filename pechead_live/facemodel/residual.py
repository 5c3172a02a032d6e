"""How far a face model's points are from the measured ones, step by step of the fit."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from pechead_live.facemodel.fit import FitConfig, fit, initial_fit_state
from pechead_live.facemodel.measurement import Measurement, outer_eye_distance
from pechead_live.facemodel.model import FaceModel, points_of
from pechead_live.facemodel.topology import INNER_51

CALIBRATION_FRAMES = 10
"""Frames that settle a clip's identity; the residual is taken of those after them."""

SHORTEST = 2 * CALIBRATION_FRAMES
"""Frames that a clip needs to count."""


class Step(NamedTuple):
    """One row of the table: what the fit may use."""

    name: str
    expression: bool
    """False: the face never moves."""

    config: FitConfig


STEPS = (
    Step("mean face", False, FitConfig(calibration_frames=0, refine=False)),
    Step("+ scores", True, FitConfig(calibration_frames=0, refine=False)),
    Step(
        "+ identity",
        True,
        FitConfig(calibration_frames=CALIBRATION_FRAMES, refine=False),
    ),
    Step("+ refined", True, FitConfig(calibration_frames=CALIBRATION_FRAMES)),
)
"""Pose is fitted in all; each adds to the one before."""


class Residual(NamedTuple):
    """Mean 2-D distance of model and measured points over the outer-eye distance."""

    points: float
    """Over all 478 points."""

    inner: float
    """Over the 51 inner landmarks of 300-W."""


def residual(clip: Sequence[Measurement], model: FaceModel, step: Step) -> Residual:
    """Mean over the frames of ``clip`` that come after the calibration."""
    state = initial_fit_state(model)
    found: list[tuple[float, float]] = []
    for i, measurement in enumerate(clip):
        if not step.expression:
            measurement = measurement._replace(scores=np.zeros_like(measurement.scores))
        coefficients, state = fit(measurement, model, state, captured_at=0.0, config=step.config)
        if i >= CALIBRATION_FRAMES:
            away = points_of(model, coefficients) - measurement.points[:, :2]
            distance = np.linalg.norm(away, axis=1) / outer_eye_distance(measurement.points)
            found.append((float(distance.mean()), float(distance[list(INNER_51)].mean())))
    return mean_residual(Residual(*pair) for pair in found)


def mean_residual(residuals: Iterable[Residual]) -> Residual:
    """The mean of at least one."""
    points, inner = np.mean(list(residuals), axis=0)
    return Residual(float(points), float(inner))
