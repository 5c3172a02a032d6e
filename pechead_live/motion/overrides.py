"""Explicit pose and expression, set on top of whatever the motion says."""

import math
from dataclasses import dataclass, field, replace

from pechead_live.coefficients import Coefficients, euler_from_rotation, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_NAMES, expression_index

LARGEST_ANGLE = 80.0
"""Degrees; at 90 yaw and pitch can no longer be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What is set by hand; everything else stays as it is."""

    yaw: float | None = None
    """Head angle in degrees, > 0 towards the picture's right; None leaves it."""
    pitch: float | None = None
    """Head angle in degrees, > 0 lifts the nose; None leaves it."""
    roll: float | None = None
    """Head angle in degrees, > 0 tilts clockwise; None leaves it."""
    expressions: dict[str, float] = field(default_factory=dict[str, float])
    """Expressions by name, values from 0 to 1."""

    def __post_init__(self) -> None:
        for name in ("yaw", "pitch", "roll"):
            value = getattr(self, name)
            if value is not None and not abs(value) <= LARGEST_ANGLE:  # also refuses NaN
                raise InputError(
                    f"{name} is {value:g} degrees: it must be from "
                    f"{-LARGEST_ANGLE:g} to {LARGEST_ANGLE:g}"
                )
        for name, value in self.expressions.items():
            expression_index(name)
            if not 0 <= value <= 1:
                raise InputError(f"{name} is {value:g}: an expression must be from 0 to 1")

    def is_empty(self) -> bool:
        """True if nothing is set."""
        return self.yaw is self.pitch is self.roll is None and not self.expressions


def apply_overrides(coefficients: Coefficients, overrides: Overrides) -> Coefficients:
    """A copy with the overrides in place; angles are the head's own, not on top of it."""
    if overrides.is_empty():
        return coefficients
    angles = euler_from_rotation(coefficients.rotation)
    wanted = (overrides.yaw, overrides.pitch, overrides.roll)
    rotation = coefficients.rotation
    if any(angle is not None for angle in wanted):
        yaw, pitch, roll = (
            now if angle is None else angle for now, angle in zip(angles, wanted, strict=True)
        )
        rotation = rotation_from_euler(yaw, pitch, roll)
    return replace(coefficients, rotation=rotation).with_expressions(overrides.expressions)


def parse_setting(text: str) -> tuple[str, float]:
    """``NAME=VALUE`` to an ARKit name and its value from 0 to 1; else `InputError`."""
    name, equals, word = text.partition("=")
    name = EXPRESSION_NAMES[expression_index(name.strip())]
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not equals or not 0 <= value <= 1:
        raise InputError(f"{text!r} must read {name}=VALUE with a value from 0 to 1")
    return name, value
