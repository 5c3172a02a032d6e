"""Learning the face model from measurements: alternate alignment, regression and averaging.

Each *sequence* is one person in one clip (or one still). A round is: (1) align every frame to what
the model expects of it (Umeyama); (2) ridge-regress, within each sequence, the aligned points on
the centred expression scores -> expression basis; (3) each sequence's mean less its expression is
that person's neutral face; their mean is the mean face and their principal components are the
identity basis. It settles in two or three rounds. People count alike, however many frames they
have. Mirror symmetry is imposed on every part.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import IDENTITY_SIZE, FloatArray
from pechead_live.expressions import EXPRESSION_NAMES, MIRROR_EXPRESSION
from pechead_live.facemodel.head import head_extension
from pechead_live.facemodel.model import FaceModel
from pechead_live.facemodel.similarity import umeyama
from pechead_live.facemodel.topology import (
    CHIN,
    FOREHEAD,
    IBUG_68,
    LEFT_OUTER_EYE,
    NOSE_TIP,
    RIGHT_OUTER_EYE,
)

ROUNDS = 4
RIDGE = 0.5
"""Ridge on the expression regression, in units of one person's variance of scores."""

Z_WEIGHT = 0.25
"""Weight of measured depth against x and y: it is the noisier by far (measured)."""

_AXES = np.array([1, 1, Z_WEIGHT])


class Sequence3D(NamedTuple):
    """One person's measurements."""

    person: str
    """Label; sequences with the same label count as one person."""

    points: FloatArray
    """(T, 478, 3)."""

    scores: FloatArray
    """(T, 52)."""


def mirror_permutation(mean: FloatArray) -> npt.NDArray[np.intp]:
    """(N,) the point that each point becomes in a mirror, by matching the mirrored face to itself.

    The face may be turned: mirrored and original are aligned again after each matching (iterated
    closest point). `ValueError` unless the pairing is its own inverse.
    """
    mirrored = mean * (-1, 1, 1)
    eyes = [RIGHT_OUTER_EYE, LEFT_OUTER_EYE, NOSE_TIP, CHIN, FOREHEAD]
    swapped = [LEFT_OUTER_EYE, RIGHT_OUTER_EYE, NOSE_TIP, CHIN, FOREHEAD]
    moved = umeyama(mirrored[swapped], mean[eyes], np.ones(5)).apply(mirrored)
    nearest = np.arange(len(mean))
    for _ in range(10):
        distance = np.linalg.norm(mean[:, None] - moved[None], axis=-1)
        nearest = distance.argmin(axis=1)
        moved = umeyama(mirrored[nearest], mean, np.ones(len(mean))).apply(mirrored)
    if not np.array_equal(nearest[nearest], np.arange(len(mean))):
        raise ValueError("the mean face is too lopsided to pair its points")
    return nearest


def learn(sequences: Sequence[Sequence3D], triangles: npt.NDArray[np.intp]) -> FaceModel:
    """The face model of ``sequences``; ``triangles`` (F, 3) is the mesh's topology."""
    weights = _person_weights(sequences)
    mean = _initial_mean(sequences, weights)
    mirror = mirror_permutation(mean)
    n = len(mean)
    expression = np.zeros((len(EXPRESSION_NAMES), n, 3))
    neutral = [np.zeros((n, 3)) for _ in sequences]
    for _ in range(ROUNDS):
        aligned = [
            _align(s, mean + rest, expression) for s, rest in zip(sequences, neutral, strict=True)
        ]
        expression = _regress(sequences, aligned, weights, mirror)
        faces = [
            a.mean(axis=0) - np.einsum("e,enk->nk", s.scores.mean(axis=0), expression)
            for s, a in zip(sequences, aligned, strict=True)
        ]
        mean = _standardise(_symmetric(np.average(faces, axis=0, weights=weights), mirror))
        neutral = [face - mean for face in faces]
    basis, sign = _identity_basis(np.array(neutral), weights, mirror)
    head, normals = head_extension(mean)
    return FaceModel(
        mean=mean.astype(np.float32),
        identity_basis=basis.astype(np.float32),
        expression_basis=expression.astype(np.float32),
        expression_names=EXPRESSION_NAMES,
        landmark_indices=np.array(IBUG_68, np.intp),
        triangles=triangles,
        mirror_points=mirror,
        mirror_identity=sign.astype(np.float32),
        mirror_expression=np.array(MIRROR_EXPRESSION, np.intp),
        head=head,
        head_normals=normals,
    )


def _person_weights(sequences: Sequence[Sequence3D]) -> FloatArray:
    """(S,) weight of each sequence; those of one person share weight 1 by frames."""
    frames: dict[str, int] = {}
    for s in sequences:
        frames[s.person] = frames.get(s.person, 0) + len(s.points)
    return np.array([len(s.points) / frames[s.person] for s in sequences])


def _initial_mean(sequences: Sequence[Sequence3D], weights: FloatArray) -> FloatArray:
    """Mean of the sequences, aligned to the first frontal one, upright and symmetric."""
    flat = max(sequences, key=lambda s: -float(np.abs(_yaw_proxy(s.points[0]))))
    reference = _upright(flat.points[0].astype(float))
    for _ in range(3):
        aligned: list[FloatArray] = []
        for s in sequences:
            step = max(1, len(s.points) // 20)
            points = s.points[::step].astype(float)
            target = np.broadcast_to(reference, points.shape)
            aligned.append(umeyama(points, target, np.ones(478)).apply(points).mean(axis=0))
        mean = np.average(aligned, axis=0, weights=weights)
        mirror = mirror_permutation(mean)
        reference = _standardise(_symmetric(mean, mirror))
    return reference


def _yaw_proxy(points: FloatArray) -> float:
    """How far the nose's depth-free position is off the middle between the face's sides."""
    left, right, nose = points[454, 0], points[234, 0], points[4, 0]
    return float((2 * nose - left - right) / (left - right))


def _upright(points: FloatArray) -> FloatArray:
    """``points`` turned so that the eye line is level, as seen in the picture."""
    eye_line = points[LEFT_OUTER_EYE] - points[RIGHT_OUTER_EYE]
    angle = -np.arctan2(eye_line[1], eye_line[0])
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return (points - points.mean(axis=0)) @ turn.T


def _symmetric(shape: FloatArray, mirror: npt.NDArray[np.intp]) -> FloatArray:
    return (shape + shape[..., mirror, :] * (-1, 1, 1)) / 2


def _standardise(mean: FloatArray) -> FloatArray:
    """Outer-eye distance 1; the origin at the points' centroid."""
    size = np.linalg.norm(mean[LEFT_OUTER_EYE] - mean[RIGHT_OUTER_EYE])
    return (mean - mean.mean(axis=0)) / size


def stiffness(shape: FloatArray) -> FloatArray:
    """(N,) weight of each point of ``shape`` (N, 3) for alignment: the skull's 1, the jaw's 0.05.

    With equal weights the alignment takes an opening jaw for a turning head.
    """
    below = (shape[:, 1] - shape[NOSE_TIP, 1]) / (shape[CHIN, 1] - shape[NOSE_TIP, 1])
    return np.clip(1 - 2.5 * below, 0.05, 1.0)


def _align(sequence: Sequence3D, rest: FloatArray, expression: FloatArray) -> FloatArray:
    """(T, 478, 3) the frames, brought to what ``rest`` plus each frame's expression expects."""
    target = rest + np.einsum("te,enk->tnk", sequence.scores, expression)
    points = sequence.points.astype(float)
    return umeyama(target, points, stiffness(rest)).undo(points)


def _regress(
    sequences: Sequence[Sequence3D],
    aligned: Sequence[FloatArray],
    weights: FloatArray,
    mirror: npt.NDArray[np.intp],
) -> FloatArray:
    """(52, 478, 3) ridge regression of points on scores, both centred within each sequence."""
    size = len(EXPRESSION_NAMES)
    swap = np.array(MIRROR_EXPRESSION)
    gram = np.zeros((size, size))
    moment = np.zeros((size, aligned[0][0].size))
    for s, a, w in zip(sequences, aligned, weights, strict=True):
        if len(a) < 8:
            continue
        x = (s.scores - s.scores.mean(axis=0)).astype(float)
        y = a - a.mean(axis=0)
        flipped = y[:, mirror] * (-1, 1, 1)
        for scores, points in ((x, y), (x[:, swap], flipped)):
            gram += w / len(a) * scores.T @ scores
            moment += w / len(a) * scores.T @ points.reshape(len(a), -1)
    ridge = RIDGE * 1e-2 * np.eye(size)
    return np.linalg.solve(gram + ridge, moment).reshape(size, -1, 3)


def _identity_basis(
    neutral: FloatArray, weights: FloatArray, mirror: npt.NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """(50, 478, 3) principal components scaled to unit variance, and (50,) their mirror signs.

    Symmetric and lop-sided parts are analysed apart, so every direction is one or the other.
    """
    flipped = neutral[:, mirror] * (-1, 1, 1)
    found: list[tuple[float, FloatArray, float]] = []
    for part, sign in (((neutral + flipped) / 2, 1.0), ((neutral - flipped) / 2, -1.0)):
        flat = (np.sqrt(weights / weights.sum())[:, None, None] * part * _AXES).reshape(
            len(part), -1
        )
        _, strength, directions = np.linalg.svd(flat, full_matrices=False)
        for d, direction in zip(strength, directions, strict=True):
            found.append((float(d), direction.reshape(-1, 3) / _AXES, sign))
    found.sort(key=lambda entry: -entry[0])
    best = found[:IDENTITY_SIZE]
    basis = np.array([strength * direction for strength, direction, _ in best])
    return basis, np.array([sign for _, _, sign in best])
