"""Learning the face model from measurements: alternate alignment, regression and averaging.

Each *sequence* is one person in one clip (or one still). A round is: (1) align every frame to what
the model expects of it (Umeyama); (2) ridge-regress, within each sequence, the aligned points on
the centred expression scores -> expression basis; (3) each sequence's mean less its expression is
that person's neutral face; their mean is the mean face and their principal components are the
identity basis. It settles in two or three rounds. People count alike, however many frames they
have. Mirror symmetry is imposed on every part, exactly.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import IDENTITY_SIZE, FloatArray
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_NAMES, MIRROR_EXPRESSION
from pechead_live.facemodel.head import head_extension
from pechead_live.facemodel.mirror import mirrored, symmetric
from pechead_live.facemodel.model import FaceModel
from pechead_live.facemodel.similarity import Array, Similarity, umeyama
from pechead_live.facemodel.stiffness import stiffness
from pechead_live.facemodel.topology import (
    IBUG_68,
    LEFT_OUTER_EYE,
    MIRROR_POINTS,
    NOSE_TIP,
    RIGHT_OUTER_EYE,
)

ROUNDS = 4
"""One more than it takes to settle."""

RIDGE = 5e-3
"""Added to the summed variance of every score, where each person adds one variance. It keeps the
columns of scores that hardly ever move (cheekPuff, noseSneer) near zero."""

SHORTEST = 8
"""Frames that a sequence needs to say anything about expressions; shorter ones give identity."""

Z_WEIGHT = 0.25
"""Weight of measured depth against x and y: it is the noisier by far (measured)."""

_AXES = np.array([1, 1, Z_WEIGHT])
_PAIRS = np.array(MIRROR_POINTS, np.intp)
_SWAP = np.array(MIRROR_EXPRESSION, np.intp)


class Sequence3D(NamedTuple):
    """One person's measurements in one clip or one still."""

    person: str
    """Label; sequences with the same label count as one person."""

    points: FloatArray
    """(T, 478, 3) as in `Measurement`."""

    scores: FloatArray
    """(T, 52) as in `Measurement`."""


def learn(sequences: Sequence[Sequence3D], triangles: npt.NDArray[np.intp]) -> FaceModel:
    """The face model of ``sequences``; ``triangles`` (F, 3) is the mesh's topology.

    `InputError` when fewer than two people are seen, or none of them moves.
    """
    if len({s.person for s in sequences}) < 2 or all(len(s.points) < SHORTEST for s in sequences):
        raise InputError(
            f"a face model needs two people and a clip of {SHORTEST} frames at the least, not "
            f"{len(sequences)} sequences of {len({s.person for s in sequences})} people: "
            "give more clips"
        )
    weights = _person_weights(sequences)
    mean = _initial_mean(sequences, weights)
    expression: Array = np.zeros((len(EXPRESSION_NAMES), *mean.shape))
    neutral: list[Array] = [np.zeros(mean.shape) for _ in sequences]
    for _ in range(ROUNDS):
        poses = [
            _pose(s, mean + rest, expression) for s, rest in zip(sequences, neutral, strict=True)
        ]
        level = _mean_pitch(poses, weights).T
        aligned = [pose.undo(s.points) @ level for s, pose in zip(sequences, poses, strict=True)]
        expression = _regress(sequences, aligned, weights)
        faces = [
            a.mean(axis=0) - np.tensordot(s.scores.mean(axis=0), expression, 1)
            for s, a in zip(sequences, aligned, strict=True)
        ]
        mean = _standardise(symmetric(np.average(faces, axis=0, weights=weights), _PAIRS))
        neutral = [face - mean for face in faces]
    basis, sign = _identity_basis(np.array(neutral), weights)
    head, normals = head_extension(mean.astype(np.float32))
    return FaceModel(
        mean=mean.astype(np.float32),
        identity_basis=basis.astype(np.float32),
        expression_basis=expression.astype(np.float32),
        expression_names=EXPRESSION_NAMES,
        landmark_indices=np.array(IBUG_68, np.intp),
        triangles=triangles,
        mirror_points=_PAIRS,
        mirror_identity=sign.astype(np.float32),
        mirror_expression=_SWAP,
        head=head,
        head_normals=normals,
    )


def _person_weights(sequences: Sequence[Sequence3D]) -> Array:
    """(S,) weight of each sequence; those of one person share weight 1 by frames."""
    frames: dict[str, int] = {}
    for s in sequences:
        frames[s.person] = frames.get(s.person, 0) + len(s.points)
    return np.array([len(s.points) / frames[s.person] for s in sequences])


def _initial_mean(sequences: Sequence[Sequence3D], weights: Array) -> Array:
    """(478, 3) mean of the sequences, aligned to the most frontal one, upright and symmetric."""
    frontal = min(sequences, key=lambda s: abs(_yaw_proxy(s.points[0])))
    reference = _upright(frontal.points[0].astype(float))
    for _ in range(3):
        aligned: list[Array] = []
        for s in sequences:
            step = max(1, len(s.points) // 20)
            points = s.points[::step].astype(float)
            target = np.broadcast_to(reference, points.shape)
            even = np.ones(len(reference))
            aligned.append(umeyama(points, target, even).apply(points).mean(axis=0))
        mean = np.average(aligned, axis=0, weights=weights)
        reference = _standardise(symmetric(mean, _PAIRS))
    return reference


def _yaw_proxy(points: Array) -> float:
    """How far the nose tip is off the middle of the eyes in x, in outer-eye distances."""
    right, left, nose = points[RIGHT_OUTER_EYE, 0], points[LEFT_OUTER_EYE, 0], points[NOSE_TIP, 0]
    return float((2 * nose - left - right) / (left - right))


def _upright(points: Array) -> Array:
    """``points`` turned so that the eye line is level, as seen in the picture."""
    eye_line = points[LEFT_OUTER_EYE] - points[RIGHT_OUTER_EYE]
    angle = -np.arctan2(eye_line[1], eye_line[0])
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return (points - points.mean(axis=0)) @ turn.T


def _standardise(mean: Array) -> Array:
    """Outer-eye distance 1; the origin at the centroid of the points, which are symmetric."""
    size = np.linalg.norm(mean[LEFT_OUTER_EYE] - mean[RIGHT_OUTER_EYE])
    return (mean - mean.mean(axis=0) * (0, 1, 1)) / size


def _pose(sequence: Sequence3D, rest: Array, expression: Array) -> Similarity:
    """(T) transforms that bring ``rest`` plus each frame's expression to the frame's points."""
    target = rest + np.tensordot(sequence.scores, expression, 1)
    return umeyama(target, sequence.points.astype(float), stiffness(rest))


def _mean_pitch(poses: Sequence[Similarity], weights: Array) -> Array:
    """(3, 3) rotation about x: how far the people nod on average.

    It sets the origin of pitch: people who look into the camera, as these do, look straight ahead.
    Mirror symmetry sets those of yaw and roll.
    """
    mean = np.average([pose.rotation.mean(axis=0) for pose in poses], axis=0, weights=weights)
    angle = np.arctan2(mean[2, 1] - mean[1, 2], mean[1, 1] + mean[2, 2])
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _regress(
    sequences: Sequence[Sequence3D],
    aligned: Sequence[Array],
    weights: Array,
) -> Array:
    """(52, 478, 3) ridge regression of points on scores, both centred within each sequence.

    Every frame counts twice, as it is and mirrored.
    """
    size = len(EXPRESSION_NAMES)
    gram = RIDGE * np.eye(size)
    moment = np.zeros((size, aligned[0][0].size))
    for s, a, w in zip(sequences, aligned, weights, strict=True):
        if len(a) < SHORTEST:
            continue
        x = (s.scores - s.scores.mean(axis=0)).astype(float)
        y = a - a.mean(axis=0)
        for scores, points in ((x, y), (x[:, _SWAP], mirrored(y, _PAIRS))):
            gram += w / len(a) * scores.T @ scores
            moment += w / len(a) * scores.T @ points.reshape(len(a), -1)
    basis = np.linalg.solve(gram, moment).reshape(size, -1, 3)
    return (basis + mirrored(basis[_SWAP], _PAIRS)) / 2  # equal but for rounding; now exactly


def _identity_basis(neutral: Array, weights: Array) -> tuple[Array, Array]:
    """(50, 478, 3) principal components scaled to unit variance, and (50,) their mirror signs.

    Symmetric and lop-sided parts are analysed apart, so every direction is one or the other.
    """
    found: list[tuple[float, Array, float]] = []
    flipped = mirrored(neutral, _PAIRS)
    for part, sign in (((neutral + flipped) / 2, 1.0), ((neutral - flipped) / 2, -1.0)):
        people = np.sqrt(weights / weights.sum())[:, None, None] * part * _AXES
        _, strength, directions = np.linalg.svd(
            people.reshape(len(people), -1), full_matrices=False
        )
        for s, flat in zip(strength, directions, strict=True):
            direction = flat.reshape(-1, 3) / _AXES
            exact = (direction + sign * mirrored(direction, _PAIRS)) / 2
            found.append((float(s), exact, sign))
    found.sort(key=lambda entry: -entry[0])
    basis = np.zeros((IDENTITY_SIZE, *neutral[0].shape))
    signs = np.ones(IDENTITY_SIZE)
    for i, (strength, direction, sign) in enumerate(found[:IDENTITY_SIZE]):
        basis[i], signs[i] = strength * direction, sign
    return basis, signs
