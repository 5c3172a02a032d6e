"""Lips that meet and lids that shut: are they shut in the result when the driver's are.

A mean over landmarks hardly notices the quarter of a second of a blink or of a "p", and viewers
do. Openings are measured on MediaPipe's points, as ratios, so the face's size does not matter.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.facemodel.apertures import LID_PAIRS, opening
from pechead_live.facemodel.measurement import POINTS
from pechead_live.facemodel.topology import (
    LEFT_OUTER_EYE,
    LOWER_INNER_LIP,
    RIGHT_OUTER_EYE,
    UPPER_INNER_LIP,
)

CLOSED_LIPS = 0.03
"""Inner lips' gap over the mouth's width below which they meet: closed lips measure -0.01 to 0.01
(MediaPipe on real clips), a mouth that speaks 0.1 and more."""

CLOSED_EYES = 0.4
"""Both eyes' opening over that of the same face with open eyes; a blink measures -0.1 to 0.35, a
relaxed look down 0.6."""

OPEN_SHARE = 90
"""Percentile of a clip's eye openings that counts as open: wide-open moments are not the norm."""

_GONE = (float("nan"), float("nan"), float("nan"))


class MeasuredOpenings(NamedTuple):
    """Openings over a clip; NaN in a frame without a face."""

    lips: FloatArray
    """(T,) inner lips' gap over the mouth's width."""

    eyes: FloatArray
    """(T, 2) right and left: gap of the lids over the eye's width."""


class Agreement(NamedTuple):
    """Frames of the driver by whether they are shut, and how many of the result's are the same."""

    closed: int
    closed_too: int
    open: int
    open_too: int

    @property
    def closed_share(self) -> float:
        """Of the driver's closed frames, those closed in the result, [0, 1]; NaN if none was."""
        return self.closed_too / self.closed if self.closed else float("nan")

    @property
    def open_share(self) -> float:
        """The same of the open ones: a face that never opens keeps every closure."""
        return self.open_too / self.open if self.open else float("nan")


def measured_openings(frames: Iterable[FloatArray | None]) -> MeasuredOpenings:
    """Of the (478, 2 or more) points of each frame, picture coordinates; None without a face."""
    rows = [_openings(points) for points in frames]
    if not rows:
        raise InputError("no frames: openings are measured over at least one")
    table = np.array(rows, np.float32)
    return MeasuredOpenings(table[:, 0], table[:, 1:])


def lip_agreement(driving: MeasuredOpenings, generated: MeasuredOpenings) -> Agreement:
    """Of lips that meet, over the frames where both have a face."""
    return _agreement(driving.lips, generated.lips, CLOSED_LIPS)


def eye_agreement(
    driving: MeasuredOpenings,
    generated: MeasuredOpenings,
    open_eyes: tuple[FloatArray, FloatArray] | None = None,
) -> Agreement:
    """Of eyes that are shut, over the frames where both have a face.

    ``open_eyes``: the openings (2,) of the driver's and of the portrait's open eyes; else each is
    taken from its own clip, which must then show open eyes (the 90th percentile).
    """
    open_driving, open_generated = open_eyes or (open_eyes_of(driving), open_eyes_of(generated))
    return _agreement(
        (driving.eyes / open_driving).mean(axis=1),
        (generated.eyes / open_generated).mean(axis=1),
        CLOSED_EYES,
    )


def open_eyes_of(openings: MeasuredOpenings) -> FloatArray:
    """(2,) openings of the right and the left eye when they are open."""
    if not np.isfinite(openings.eyes).any():
        raise InputError("no frame has a face: how far its eyes open cannot be told")
    usual = np.nanpercentile(openings.eyes, OPEN_SHARE, axis=0)
    return np.maximum(usual, 1e-3).astype(np.float32)


def _agreement(
    driving: npt.NDArray[np.floating], generated: npt.NDArray[np.floating], threshold: float
) -> Agreement:
    if driving.shape != generated.shape:
        raise InputError(
            f"{len(driving)} driving frames and {len(generated)} generated ones: give the same"
        )
    both = np.isfinite(driving) & np.isfinite(generated)
    shut, shut_too = driving[both] < threshold, generated[both] < threshold
    return Agreement(
        int(shut.sum()),
        int((shut & shut_too).sum()),
        int((~shut).sum()),
        int((~shut & ~shut_too).sum()),
    )


def _openings(points: FloatArray | None) -> tuple[float, float, float]:
    if points is None:
        return _GONE
    if points.ndim != 2 or len(points) != POINTS:
        raise InputError(f"points of shape {points.shape}: ({POINTS}, 2) needed")
    level = _level(points[:, :2])
    right, left = (opening(level, *pair) for pair in LID_PAIRS)
    return opening(level, UPPER_INNER_LIP, LOWER_INNER_LIP), right, left


def _level(points: FloatArray) -> FloatArray:
    """Turned so that the outer eye corners lie level: a gap is measured across the face."""
    x, y = points[LEFT_OUTER_EYE] - points[RIGHT_OUTER_EYE]
    length = max(float(np.hypot(x, y)), 1e-9)
    turn = np.array([[x, -y], [y, x]], np.float32) / np.float32(length)
    return np.asarray(points @ turn, np.float32)
