"""Pose and expression that are added to whatever the motion says."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.expressions import expression_index

LARGEST_OFFSET = 30.0
"""Degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offsets:
    """What is added; nothing by default."""

    yaw: float = 0.0
    """Degrees, > 0 towards the picture's right."""
    pitch: float = 0.0
    """Degrees, > 0 lifts the nose."""
    roll: float = 0.0
    """Degrees, > 0 tilts clockwise."""
    expressions: dict[str, float] = field(default_factory=dict[str, float])
    """Expressions by name, -1 to 1."""

    def __post_init__(self) -> None:
        for name in ("yaw", "pitch", "roll"):
            value = getattr(self, name)
            if not (math.isfinite(value) and abs(value) <= LARGEST_OFFSET):
                raise InputError(
                    f"{name} is {value:g} degrees on top: it must be from {-LARGEST_OFFSET:g} to "
                    f"{LARGEST_OFFSET:g}"
                )
        for name, value in self.expressions.items():
            expression_index(name)
            if not (math.isfinite(value) and abs(value) <= 1):
                raise InputError(f"{name} is {value:g} on top: it must be from -1 to 1")

    def is_empty(self) -> bool:
        """True if nothing is added."""
        return self.yaw == self.pitch == self.roll == 0 and not any(self.expressions.values())


def apply_offsets(coefficients: Coefficients, offsets: Offsets) -> Coefficients:
    """A copy turned by the angles, with the expressions added and cut to [0, 1]."""
    if offsets.is_empty():
        return coefficients
    turn = rotation_from_euler(offsets.yaw, offsets.pitch, offsets.roll)
    expression = coefficients.expression.copy()
    for name, value in offsets.expressions.items():
        expression[expression_index(name)] += np.float32(value)
    return replace(
        coefficients,
        rotation=(turn @ coefficients.rotation).astype(np.float32),
        expression=np.clip(expression, 0, 1),
    )
