"""Fitting one frame: pose by Umeyama, identity once per person, expression by least squares.

``e = argmin ||S(alpha, e) - points||^2 + lambda ||e - scores||^2``, 0 <= e <= 1, in model space:
the normal matrix does not depend on the frame, so its inverse is computed once per model.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import FaceModel
from pechead_live.facemodel.similarity import Similarity, umeyama
from pechead_live.facemodel.topology import INNER_51


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How a frame is fitted."""

    calibration_frames: int = 30
    """Frames over which a person's identity is averaged; then it is frozen."""

    identity_prior: float = 2e-3
    """Weight of alpha's unit-variance prior against squared model units."""

    expression_prior: float = 0.15
    """Weight of the detector's scores against squared model units; 0 trusts the points alone."""

    inner_weight: float = 4.0
    """Weight of the 51 inner landmarks and the irises against the other points."""

    depth_weight: float = 0.05
    """Weight of measured depth against x and y in the expression fit."""

    rounds: int = 1
    """Times that pose and expression are solved in turn."""

    refine: bool = True
    """False keeps the detector's scores as the expression."""


class FitState(NamedTuple):
    """What is known of the person so far; arrays, zeros before the first frame."""

    identity: FloatArray
    """(I,) the running estimate of alpha."""

    neutral_sum: FloatArray
    """(N, 3) sum over frames of points less mean face and expression, model space."""

    weight: float
    """Sum of the frames' weights in it."""

    frames: int
    """Frames seen."""


class _Solver(NamedTuple):
    to_identity: FloatArray  # (I, N*3)
    inverse: FloatArray  # (E, E)
    normal: FloatArray  # (E, E)
    transposed: FloatArray  # (E, N*3), weights included
    prior: float


def initial_fit_state(model: FaceModel) -> FitState:
    """The state before the first frame: the mean face."""
    return FitState(
        np.zeros(len(model.identity_basis), np.float32), np.zeros_like(model.mean), 0.0, 0
    )


@lru_cache(maxsize=4)
def _solver(model: FaceModel, config: FitConfig) -> _Solver:
    n = model.mean.size
    weights = np.ones_like(model.mean)
    weights[[*INNER_51, *range(468, len(model.mean))]] = config.inner_weight
    weights[:, 2] *= config.depth_weight
    flat = weights.reshape(n) / len(model.mean)
    identity = model.identity_basis.reshape(-1, n)
    weighted = identity * flat
    to_identity = np.linalg.solve(
        weighted @ identity.T + config.identity_prior / len(model.mean) * np.eye(len(identity)),
        weighted,
    )
    expression = model.expression_basis.reshape(-1, n)
    transposed = expression * flat
    normal = transposed @ expression.T + config.expression_prior / len(model.mean) * np.eye(
        len(expression)
    )
    return _Solver(
        to_identity.astype(np.float32),
        np.linalg.inv(normal).astype(np.float32),
        normal.astype(np.float32),
        transposed.astype(np.float32),
        config.expression_prior / len(model.mean),
    )


def _boxed(solver: _Solver, right: FloatArray) -> FloatArray:
    """Minimises the quadratic over the box [0, 1]: Newton on the free set, two rounds."""
    e = np.clip(solver.inverse @ right, 0, 1)
    for _ in range(2):
        gradient = solver.normal @ e - right
        held = ((e <= 0) & (gradient > 0)) | ((e >= 1) & (gradient < 0))
        free = ~held
        e[free] = np.linalg.solve(
            solver.normal[np.ix_(free, free)],
            right[free] - solver.normal[np.ix_(free, held)] @ e[held],
        )
        e = np.clip(e, 0, 1)
    return e.astype(np.float32)


def _point_weights(model: FaceModel, pose: Similarity | None) -> FloatArray:
    """(N,) 1, or 0 on the hidden side of a face turned by more than 35 degrees."""
    weights = np.ones(len(model.mean), np.float32)
    if pose is not None:
        facing = -float(pose.rotation[2, 0])  # sine of the turn; > 0 hides x > 0
        if abs(facing) > np.sin(np.radians(35)):
            side = np.sign(facing) * model.mean[:, 0] * -1
            weights[side > 0.45 * float(np.abs(model.mean[:, 0]).max())] = 0.0
    return weights


def fit(
    measurement: Measurement,
    model: FaceModel,
    state: FitState,
    *,
    captured_at: float,
    config: FitConfig = FitConfig(),
) -> tuple[Coefficients, FitState]:
    """One measured face to coefficients in the same picture's coordinates.

    The first ``calibration_frames`` frames of a person also settle the identity, which is then
    frozen. Confidence is the detector's presence times ``exp(-(residual / 5 %)^2)``, the residual in
    outer-eye distances.
    """
    solver = _solver(model, config)
    points = measurement.points
    scores = measurement.scores
    calibrating = state.frames < config.calibration_frames
    rest = model.shape(state.identity, np.zeros_like(scores))
    moved = np.tensordot(scores, model.expression_basis, 1)
    pose = umeyama(rest + moved, points, _point_weights(model, None))
    if calibrating:
        pose, state = _calibrate(points, moved, model, state, solver, pose)
        rest = model.shape(state.identity, np.zeros_like(scores))
    expression = scores
    if config.refine:
        for _ in range(config.rounds):
            target = pose.undo(points) - rest
            right = solver.transposed @ target.reshape(-1) + solver.prior * scores
            expression = _boxed(solver, right)
            moved = np.tensordot(expression, model.expression_basis, 1)
            pose = umeyama(rest + moved, points, _point_weights(model, pose))
    else:
        pose = umeyama(rest + moved, points, _point_weights(model, pose))
    residual = pose.undo(points)[:, :2] - (rest + moved)[:, :2]
    error = float(np.sqrt((residual**2).sum(axis=1)).mean())
    return (
        Coefficients(
            identity=state.identity,
            expression=expression.astype(np.float32),
            rotation=pose.rotation.astype(np.float32),
            translation=pose.translation[:2].astype(np.float32),
            scale=float(pose.scale),
            confidence=measurement.presence * float(np.exp(-((error / 0.05) ** 2))),
            captured_at=captured_at,
        ),
        state._replace(frames=state.frames + 1),
    )


def _calibrate(
    points: FloatArray,
    moved: FloatArray,
    model: FaceModel,
    state: FitState,
    solver: _Solver,
    pose: Similarity,
) -> tuple[Similarity, FitState]:
    """Adds one frame to the person's neutral face and solves alpha again."""
    identity = state.identity
    for _ in range(2):
        rest = np.tensordot(identity, model.identity_basis, 1) + model.mean
        pose = umeyama(rest + moved, points, _point_weights(model, pose))
        frontal = float(pose.rotation[2, 2]) ** 4  # a face turned away tells less
        total = state.neutral_sum + frontal * (pose.undo(points) - moved - model.mean)
        identity = solver.to_identity @ (total / (state.weight + frontal)).reshape(-1)
    return pose, state._replace(
        identity=identity.astype(np.float32),
        neutral_sum=total.astype(np.float32),
        weight=state.weight + frontal,
    )
