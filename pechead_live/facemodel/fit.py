"""Fitting one frame: pose by Umeyama, identity once per person, expression by least squares.

``e = argmin ||S(alpha, e) - points||^2 + lambda ||e - scores||^2``, 0 <= e <= 1, in model space:
the normal matrix does not depend on the frame, so its inverse is computed once per model.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import FaceModel
from pechead_live.facemodel.similarity import Array, Similarity, umeyama
from pechead_live.facemodel.stiffness import stiffness
from pechead_live.facemodel.topology import INNER_51, LEFT_IRIS, RIGHT_IRIS

SEEN, HIDDEN = 30.0, 40.0
"""Degrees of turn up to which the far side of the face is believed, and from which it is not: the
detector only guesses it. It fades between the two, or the fit would jump."""

LEAST_STIFF = 0.3
"""Weight of the jaw's points in the pose against the skull's (measured on training clips: a result
1 % nearer to the driver than with equal weights)."""

FAR_SIDE = 0.45
"""Where the far side begins: x over the half-width of the mesh; outward of the pupil."""

TOLERANCE = 0.05
"""Residual in outer-eye distances at which the confidence is down to exp(-1); a good fit has a
seventh of it."""


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How a frame is fitted."""

    calibration_frames: int = 30
    """Frames over which a person's identity is averaged; then it is frozen."""

    identity_prior: float = 2e-3
    """Weight of alpha's unit-variance prior against squared model units; > 0."""

    expression_prior: float = 0.15
    """Weight of the detector's scores against squared model units; > 0, less trusts the points
    more."""

    inner_weight: float = 4.0
    """Weight of the 51 inner landmarks and the irises against the other points."""

    depth_weight: float = 0.05
    """Weight of measured depth against x and y in the expression fit."""

    rounds: int = 1
    """Times that pose and expression are solved in turn."""

    refine: bool = True
    """False keeps the detector's scores as the expression."""

    def __post_init__(self) -> None:
        if self.calibration_frames < 0 or self.rounds < 1:
            raise ValueError(
                f"calibration_frames is {self.calibration_frames}, rounds {self.rounds}: "
                "they must be at least 0 and 1"
            )
        for name in ("identity_prior", "expression_prior", "inner_weight", "depth_weight"):
            value: float = getattr(self, name)
            if not (0 < value < math.inf):
                raise ValueError(f"{name} is {value}: it must be a number above 0")


DEFAULT_FIT = FitConfig()
"""The settings of a camera's stream."""


class FitState(NamedTuple):
    """What is known of the person so far; zeros before the first frame."""

    identity: FloatArray
    """(I,) the running estimate of alpha."""

    neutral_sum: FloatArray
    """(N, 3) sum over frames of points less mean face and expression, model space."""

    weight: float
    """Sum of the frames' weights in it."""

    frames: int
    """Frames seen."""


class _Solver(NamedTuple):
    """What a fit needs of the model and the settings; made once."""

    to_identity: FloatArray  # (I, N*3)
    inverse: FloatArray  # (E, E)
    normal: FloatArray  # (E, E)
    transposed: FloatArray  # (E, N*3), weights included
    prior: float
    steady: FloatArray  # (N,) weights of the points in the pose
    sides: tuple[FloatArray, FloatArray]  # (N,) each: 1 on the far side when x > 0, x < 0 is far


def initial_fit_state(model: FaceModel) -> FitState:
    """The state before the first frame: the mean face."""
    return FitState(
        np.zeros(len(model.identity_basis), np.float32), np.zeros_like(model.mean), 0.0, 0
    )


def fit(
    measurement: Measurement,
    model: FaceModel,
    state: FitState,
    *,
    captured_at: float,
    config: FitConfig = DEFAULT_FIT,
) -> tuple[Coefficients, FitState]:
    """One measured face to coefficients in the same picture's coordinates.

    The first ``calibration_frames`` frames of a person also settle the identity, which is then
    frozen. Confidence is the detector's presence times ``exp(-(residual / 5 %)^2)``, the residual
    in outer-eye distances.
    """
    solver = _solver(model, config)
    points, scores = measurement.points, measurement.scores
    moved = _combined(scores, model.expression_basis)
    rest = model.mean + _combined(state.identity, model.identity_basis)
    if state.frames < config.calibration_frames:
        state = _calibrated(points, moved, model, state, solver)
        rest = model.mean + _combined(state.identity, model.identity_basis)
    pose, seen = _pose(rest + moved, points, solver)
    expression = scores
    if config.refine:
        for _ in range(config.rounds):
            target = _in_model_space(points, pose, rest + moved, seen) - rest
            right = solver.transposed @ target.reshape(-1) + solver.prior * scores
            expression = _boxed(solver, right)
            moved = _combined(expression, model.expression_basis)
            pose = umeyama(rest + moved, points, seen)
    residual = (pose.undo(points) - rest - moved)[:, :2]
    error = float(seen @ np.sqrt((residual**2).sum(axis=1))) / float(seen.sum())
    return (
        Coefficients(
            identity=state.identity,
            expression=expression.astype(np.float32),
            rotation=pose.rotation.astype(np.float32),
            translation=pose.translation[:2].astype(np.float32),
            scale=float(pose.scale),
            confidence=measurement.presence * math.exp(-((error / TOLERANCE) ** 2)),
            captured_at=captured_at,
        ),
        state._replace(frames=state.frames + 1),
    )


@lru_cache(maxsize=8)
def _solver(model: FaceModel, config: FitConfig) -> _Solver:
    n = model.mean.size
    weights = np.ones_like(model.mean)
    irises = (*range(RIGHT_IRIS, RIGHT_IRIS + 5), *range(LEFT_IRIS, LEFT_IRIS + 5))
    weights[[*INNER_51, *irises]] = config.inner_weight
    weights[:, 2] *= config.depth_weight
    flat = weights.reshape(n) / len(model.mean)
    identity_prior = config.identity_prior / len(model.mean)
    identity = model.identity_basis.reshape(-1, n)
    weighted = identity * flat
    to_identity = np.linalg.solve(
        weighted @ identity.T + identity_prior * np.eye(len(identity)), weighted
    )
    prior = config.expression_prior / len(model.mean)
    expression = model.expression_basis.reshape(-1, n)
    transposed = expression * flat
    normal = transposed @ expression.T + prior * np.eye(len(expression))
    outward = model.mean[:, 0] / np.abs(model.mean[:, 0]).max()
    return _Solver(
        to_identity.astype(np.float32),
        np.linalg.inv(normal).astype(np.float32),
        normal.astype(np.float32),
        transposed.astype(np.float32),
        prior,
        stiffness(model.mean, LEAST_STIFF),
        ((outward > FAR_SIDE).astype(np.float32), (outward < -FAR_SIDE).astype(np.float32)),
    )


def _combined(values: FloatArray, basis: FloatArray) -> FloatArray:
    """(N, 3) sum of the directions of ``basis`` (K, N, 3) times ``values`` (K,)."""
    return (values @ basis.reshape(len(values), -1)).reshape(basis.shape[1:])


def _pose(expected: FloatArray, points: FloatArray, solver: _Solver) -> tuple[Similarity, Array]:
    """The pose that brings ``expected`` to ``points``, and (N,) how far each point is believed."""
    pose = umeyama(expected, points, solver.steady)
    turn = float(pose.rotation[2, 0])  # sine of yaw: > 0 moves the points at x > 0 away
    low, high = math.sin(math.radians(SEEN)), math.sin(math.radians(HIDDEN))
    hidden = min(1.0, max(0.0, (abs(turn) - low) / (high - low)))
    seen = 1 - np.float32(hidden) * solver.sides[0 if turn > 0 else 1]
    return (umeyama(expected, points, solver.steady * seen) if hidden else pose), seen


def _in_model_space(
    points: FloatArray, pose: Similarity, expected: FloatArray, seen: Array
) -> Array:
    """(N, 3) the measured points in model space; what is not seen is as ``expected``."""
    measured = pose.undo(points)
    if seen.min() == 1:
        return measured
    return expected + seen[:, None] * (measured - expected)


def _boxed(solver: _Solver, right: Array) -> Array:
    """Minimises the quadratic over the box [0, 1]: Newton on the free set, two rounds."""
    e = solver.inverse @ right
    inside = np.clip(e, 0, 1)
    for _ in range(2):
        if np.array_equal(e, inside):
            break
        gradient = solver.normal @ inside - right
        held = ((inside <= 0) & (gradient > 0)) | ((inside >= 1) & (gradient < 0))
        free = np.flatnonzero(~held)
        rows = solver.normal[free]
        e = inside.copy()
        e[free] = np.linalg.solve(rows[:, free], right[free] - rows[:, held] @ inside[held])
        inside = np.clip(e, 0, 1)
    return inside


def _calibrated(
    points: FloatArray, moved: FloatArray, model: FaceModel, state: FitState, solver: _Solver
) -> FitState:
    """Adds one frame to the person's neutral face and solves alpha again, twice."""
    identity, total, weight = state.identity, state.neutral_sum, state.weight
    for _ in range(2):
        rest = model.mean + _combined(identity, model.identity_basis)
        pose, seen = _pose(rest + moved, points, solver)
        frontal = float(pose.rotation[2, 2]) ** 4  # a face turned away tells less
        neutral = _in_model_space(points, pose, rest + moved, seen) - moved - model.mean
        total = state.neutral_sum + frontal * neutral
        weight = state.weight + frontal
        identity = (solver.to_identity @ (total / weight).reshape(-1)).astype(np.float32)
    return state._replace(identity=identity, neutral_sum=total.astype(np.float32), weight=weight)
