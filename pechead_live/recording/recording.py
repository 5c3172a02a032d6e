"""`Recording`: coefficients over time, and the same as stacked arrays for the file formats."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE, Coefficients, FloatArray
from pechead_live.errors import InputError

ROTATION_TOLERANCE = 0.02
"""How far R Rᵀ may be from the identity: hand-written matrices are rounded, scaled ones are not."""

EXPRESSION_RANGE = (-0.5, 1.5)
"""Trackers overshoot [0, 1] a little and are clipped; beyond this it is another unit."""

DEFAULT_FPS = 25.0
"""For a recording of a single frame, which has no rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A motion. Checked when it is made: an unusable one raises `InputError`."""

    coefficients: tuple[Coefficients, ...]
    """One a frame, at least one, `captured_at` growing; confidence 0 where no face was seen."""

    fps: float
    """Nominal frames per second, > 0."""

    name: str = ""
    """What it is called, for messages; readers set it to the file's name."""

    def __post_init__(self) -> None:
        called = f"recording {self.name!r}" if self.name else "the recording"
        if not self.coefficients:
            raise InputError(f"{called} holds no frame: record at least one")
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise InputError(f"{called} has {self.fps} frames per second: it must be above 0")
        before = -math.inf
        for row, coefficients in enumerate(self.coefficients, start=1):
            if not coefficients.is_finite():
                raise InputError(
                    f"{called} holds NaN, an infinite number or a scale that is not above 0 "
                    f"in frame {row}: remove that frame or record again"
                )
            if coefficients.captured_at <= before:
                raise InputError(
                    f"{called} goes back in time at frame {row} "
                    f"({before:g} s, then {coefficients.captured_at:g} s): times must grow"
                )
            before = coefficients.captured_at

    @property
    def faces(self) -> int:
        """How many frames hold a face."""
        return sum(coefficients.confidence > 0 for coefficients in self.coefficients)


class Arrays(NamedTuple):
    """A recording's numbers, frames first (T)."""

    identity: FloatArray
    """(T, 50)."""
    expression: FloatArray
    """(T, 52)."""
    rotation: FloatArray
    """(T, 3, 3)."""
    translation: FloatArray
    """(T, 2)."""
    scale: npt.NDArray[np.float64]
    """(T,)."""
    confidence: npt.NDArray[np.float64]
    """(T,)."""
    captured_at: npt.NDArray[np.float64]
    """(T,) seconds."""


def stack(frames: Sequence[Coefficients]) -> Arrays:
    """Frames as arrays."""
    return Arrays(
        identity=np.stack([c.identity for c in frames]),
        expression=np.stack([c.expression for c in frames]),
        rotation=np.stack([c.rotation for c in frames]),
        translation=np.stack([c.translation for c in frames]),
        scale=np.array([c.scale for c in frames]),
        confidence=np.array([c.confidence for c in frames]),
        captured_at=np.array([c.captured_at for c in frames]),
    )


def unstack(arrays: Arrays, fps: float, name: str) -> Recording:
    """Arrays to a checked recording; what cannot be used raises `InputError`."""
    check_rows(arrays, name)
    frames = tuple(
        Coefficients(
            identity=arrays.identity[t],
            expression=np.clip(arrays.expression[t], 0, 1),
            rotation=arrays.rotation[t],
            translation=arrays.translation[t],
            scale=float(arrays.scale[t]),
            confidence=float(arrays.confidence[t]),
            captured_at=float(arrays.captured_at[t]),
        )
        for t in range(len(arrays.captured_at))
    )
    return Recording(coefficients=frames, fps=fps, name=name)


def check_rows(arrays: Arrays, name: str) -> None:
    """Shapes are ours to guarantee; values are the file's, and a bad one raises `InputError`."""
    count = len(arrays.captured_at)
    assert arrays.identity.shape == (count, IDENTITY_SIZE)
    assert arrays.expression.shape == (count, EXPRESSION_SIZE)
    low, high = EXPRESSION_RANGE
    finite = [np.isfinite(values.reshape(count, -1)).all(axis=1) for values in arrays]
    _refuse_rows(~np.stack(finite).all(axis=0), name, "holds NaN or an infinite number")
    outside = ((arrays.expression < low) | (arrays.expression > high)).any(axis=1)
    _refuse_rows(outside, name, "has an expression far outside 0 to 1 (percent?)")
    rotation = arrays.rotation.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(rotation @ rotation.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
        turned = np.linalg.det(rotation) > 0
    _refuse_rows(~((error < ROTATION_TOLERANCE) & turned), name, "has no rotation matrix")
    _refuse_rows(~(arrays.scale > 0), name, "has a scale that is not above 0")
    _refuse_rows(
        ~((arrays.confidence >= 0) & (arrays.confidence <= 1)),
        name,
        "has a confidence outside 0 to 1",
    )


def _refuse_rows(bad: npt.ArrayLike, name: str, what: str) -> None:
    """``bad``: (T,) True for the frames that cannot be used."""
    rows = np.flatnonzero(bad)
    if len(rows):
        row = int(rows[0]) + 1
        raise InputError(f"recording {name!r} {what} in frame {row}: correct or remove that frame")


def measured_fps(captured_at: npt.NDArray[np.float64]) -> float:
    """Frames per second from growing times (T,), without the gaps of frames that were lost."""
    steps = np.diff(captured_at)
    if len(steps) == 0 or not (np.isfinite(steps).all() and (steps > 0).all()):
        return DEFAULT_FPS  # the times are refused later, with the frame's number
    median = float(np.median(steps))
    fps = 1 / float(steps[np.abs(steps - median) <= 0.2 * median].mean())
    return round(fps, 3) if 0.001 <= fps <= 1e6 else DEFAULT_FPS
