"""Openings of the face: eyes that close fully and lips that meet, whatever the linear model says.

A linear model leaves a slit where the lids or the lips should touch, and so do the landmarks it
was learned from. Below a threshold an opening is therefore drawn shut, smoothly, and the skin
around its edges goes along.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.model import FaceModel
from pechead_live.facemodel.topology import (
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    LOWER_INNER_LIP,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_LID,
    UPPER_INNER_LIP,
)

LID_PAIRS = ((RIGHT_UPPER_LID, RIGHT_LOWER_LID), (LEFT_UPPER_LID, LEFT_LOWER_LID))

LID_SHUT, LID_FREE = 0.33, 0.70
"""Opening over the open eye's: at or below the first the eye is shut, above the second the model
is followed as it is. A real blink measures 0.2 to 0.3."""

LIP_SHUT, LIP_FREE = 0.035, 0.075
"""Inner lips' gap over the mouth's width: the same for the lips. Closed lips measure 0.03, in the
mean face too."""

LID_SPREAD, LIP_SPREAD = 0.05, 0.22
"""How far the skin goes along with a closing edge, model units (one standard deviation)."""

UPPER_LID_SHARE, UPPER_LIP_SHARE = 0.85, 0.2
"""How much of the closing the upper edge does."""


class Follow(NamedTuple):
    """Which points go along with which edge, and by how much; each (N, edge points)."""

    lids: tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    """Upper and lower edge of the right and the left eye."""

    lips: tuple[FloatArray, FloatArray]
    """Upper and lower."""


@cache
def follow_of(model: FaceModel) -> Follow:
    """Weights from the mean face: the edge itself 1, falling off with distance on its own side."""

    def weights(edge: tuple[int, ...], spread: float, direction: int) -> FloatArray:
        points = model.mean[:, :2]
        line = points[list(edge)]
        square = ((points[:, None] - line[None]) ** 2).sum(axis=-1)
        near = np.exp(-square / (2 * 0.06**2)) + 1e-9
        near /= near.sum(axis=1, keepdims=True)
        level = near @ line[:, 1]
        beyond = (points[:, 1] - level) * direction  # distance to the edge's own side
        reach = np.where(beyond >= -1e-3, np.exp(-square.min(axis=1) / (2 * spread**2)), 0.0)
        result = near * reach[:, None]
        result[list(edge)] = np.eye(len(edge))
        return result.astype(np.float32)

    right, left = (
        (weights(upper, LID_SPREAD, -1), weights(lower, LID_SPREAD, 1))
        for upper, lower in LID_PAIRS
    )
    lips = weights(UPPER_INNER_LIP, LIP_SPREAD, -1), weights(LOWER_INNER_LIP, LIP_SPREAD, 1)
    return Follow((right, left), lips)


def opening(points: FloatArray, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    """Mean gap of facing edge points over the distance of the corners; (N, 2) points, y down."""
    gap = points[list(lower), 1] - points[list(upper), 1]
    corners = points[upper[0], :2] - points[upper[-1], :2]
    return float(gap[1:-1].mean() / max(float(np.hypot(*corners)), 1e-6))


class Openings(NamedTuple):
    """How far a face is open."""

    lids: tuple[float, float]
    """Right and left eye, over the same eye with its lids open."""

    lips: float
    """Inner lips' gap over the mouth's width."""


def openings_of(points: FloatArray, open_points: FloatArray) -> Openings:
    """Openings of ``points`` (N, 2); ``open_points`` (N, 2) is the same face with open eyes."""
    right, left = (
        opening(points, *pair) / max(opening(open_points, *pair), 1e-3) for pair in LID_PAIRS
    )
    return Openings((right, left), opening(points, UPPER_INNER_LIP, LOWER_INNER_LIP))


def settle(
    points: FloatArray, open_points: FloatArray, follow: Follow, own: Openings | None = None
) -> FloatArray:
    """``points`` (N, 2) with nearly shut lids and lips drawn shut; y points down.

    ``open_points`` (N, 2) is the same face with its eyes open. ``own``: the openings of the
    portrait at rest, which stay as they are: parted lips or narrow eyes are its own.
    """
    result = points.copy()
    now = openings_of(points, open_points)
    mine = own or Openings((1.0, 1.0), 1.0)
    for pair, weights, ratio, least in zip(
        LID_PAIRS, follow.lids, now.lids, mine.lids, strict=True
    ):
        kept = _kept(ratio, LID_SHUT, LID_FREE, least)
        result += _closing(points, *pair, weights, kept, UPPER_LID_SHARE)
    kept = _kept(now.lips, LIP_SHUT, LIP_FREE, mine.lips)
    result += _closing(points, UPPER_INNER_LIP, LOWER_INNER_LIP, follow.lips, kept, UPPER_LIP_SHARE)
    return result


def _kept(ratio: float, shut: float, free: float, own: float) -> float:
    """Share of the opening that stays: 0 up to ``shut``, 1 from ``free``, smooth between; an
    ``own`` opening between the two lowers both so that it stays whole."""
    if shut < own < free:
        shut, free = shut * own / free, own
    x = min(1.0, max(0.0, (ratio - shut) / (free - shut)))
    return x * x * (3 - 2 * x)


def _closing(
    points: FloatArray,
    upper: tuple[int, ...],
    lower: tuple[int, ...],
    weights: tuple[FloatArray, FloatArray],
    kept: float,
    share: float,
) -> FloatArray:
    """(N, 2) displacement that leaves ``kept`` of the gap."""
    if kept >= 1:
        return np.zeros_like(points)
    gap = (points[list(lower)] - points[list(upper)]) * np.float32(1 - kept)
    moved = weights[0] @ gap * share - weights[1] @ gap * (1 - share)
    return moved.astype(np.float32)
