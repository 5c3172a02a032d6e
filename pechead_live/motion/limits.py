"""Soft limits: motion is exact near the portrait's own pose and never passes what it can show."""

import math

LINEAR = 0.6
"""Share of the limit up to which nothing changes."""


def soft_limit(value: float, limit: float) -> float:
    """``value`` itself up to 60 % of ``limit`` (> 0), then smoothly towards it; odd, growing."""
    ratio = abs(value) / limit
    if ratio <= LINEAR:
        return value
    room = 1 - LINEAR
    return math.copysign(limit * (LINEAR + room * math.tanh((ratio - LINEAR) / room)), value)
