"""Coefficients and recordings for tests: made up by numpy or by hypothesis."""

import numpy as np
from hypothesis import strategies as st

from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.expressions import EXPRESSION_INDEX, MIRROR_EXPRESSION
from pechead_live.recording import Recording


def face(
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    x: float = 0.0,
    y: float = 0.0,
    scale: float = 0.4,
    at: float = 0.0,
    confidence: float = 1.0,
    **expressions: float,
) -> Coefficients:
    """A face by what is unusual about it."""
    return Coefficients(
        rotation=rotation_from_euler(yaw, pitch, roll),
        translation=np.array([x, y], np.float32),
        scale=scale,
        captured_at=at,
        confidence=confidence,
    ).with_expressions(expressions)


def random_face(seed: int, *, at: float = 0.0) -> Coefficients:
    """Any plausible face."""
    rng = np.random.default_rng(seed)
    yaw, pitch, roll = rng.uniform(-25, 25, 3)
    return Coefficients(
        identity=rng.standard_normal(50).astype(np.float32),
        expression=rng.uniform(0, 1, 52).astype(np.float32),
        rotation=rotation_from_euler(yaw, pitch, roll),
        translation=rng.uniform(-0.3, 0.3, 2).astype(np.float32),
        scale=float(rng.uniform(0.2, 0.6)),
        captured_at=at,
    )


def random_recording(seed: int, frames: int = 20, *, fps: float = 25.0) -> Recording:
    """Any plausible motion of one person, with a frame in which the face is lost."""
    rng = np.random.default_rng(seed)
    entries = []
    for i in range(frames):
        entry = random_face(seed + i, at=i / fps)
        lost = frames > 2 and i == int(rng.integers(1, frames))
        entries.append(
            Coefficients(
                identity=random_face(seed).identity,
                expression=entry.expression,
                rotation=entry.rotation,
                translation=entry.translation,
                scale=entry.scale,
                confidence=0.0 if lost else 1.0,
                captured_at=entry.captured_at,
            )
        )
    return Recording(coefficients=tuple(entries), fps=fps, name="made up")


def mirrored(coefficients: Coefficients) -> Coefficients:
    """The same face in a mirror."""
    flip = np.diag([-1.0, 1.0, 1.0]).astype(np.float32)
    return Coefficients(
        identity=coefficients.identity,
        expression=coefficients.expression[list(MIRROR_EXPRESSION)],
        rotation=flip @ coefficients.rotation @ flip,
        translation=coefficients.translation * np.array([-1, 1], np.float32),
        scale=coefficients.scale,
        confidence=coefficients.confidence,
        captured_at=coefficients.captured_at,
    )


def score(coefficients: Coefficients, name: str) -> float:
    """One expression by name."""
    return float(coefficients.expression[EXPRESSION_INDEX[name]])


seeds = st.integers(0, 2**31)
