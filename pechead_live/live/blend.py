"""Between two coefficients."""

import math
from dataclasses import replace

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.rotation import turn_between, turned


def smoothstep(t: float) -> float:
    """0 to 1 over [0, 1] with no speed at both ends."""
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)


def blend(a: Coefficients, b: Coefficients, weight: float) -> Coefficients:
    """``a`` at weight 0, ``b`` at 1, the shortest way between; times and confidence are ``b``'s."""
    if weight <= 0:
        return replace(a, confidence=b.confidence, captured_at=b.captured_at)
    if weight >= 1:
        return b

    def between(start: FloatArray, end: FloatArray) -> FloatArray:
        return (start + (end - start) * weight).astype(np.float32)

    return Coefficients(
        identity=between(a.identity, b.identity),
        expression=between(a.expression, b.expression),
        rotation=turned(a.rotation, weight * turn_between(a.rotation, b.rotation)),
        translation=between(a.translation, b.translation),
        scale=math.exp(math.log(a.scale) * (1 - weight) + math.log(b.scale) * weight),
        confidence=b.confidence,
        captured_at=b.captured_at,
    )
