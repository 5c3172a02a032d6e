"""How an avatar waits: it breathes with the head a little and blinks now and then."""

import math
from dataclasses import dataclass, replace

import numpy as np

from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.expressions import EXPRESSION_INDEX

BLINK = [EXPRESSION_INDEX["eyeBlinkLeft"], EXPRESSION_INDEX["eyeBlinkRight"]]
"""Both lids."""

SWAY = ((2.0, 7.3, 0.0), (1.2, 5.3, 1.0), (0.7, 9.7, 2.0))
"""Yaw, pitch, roll: (amplitude in degrees, period in seconds, phase in radians). Periods without a
common measure, so that the motion never looks like a loop; amplitudes of a person sitting still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleConfig:
    """The waiting avatar's motion."""

    sway: float = 1.0
    """Factor on the head's slow motion; 0 keeps it still."""

    blink_period_s: float = 4.0
    """One blink in each such stretch of time, at a varying moment; people at rest need 3 to 5 s."""

    blink_s: float = 0.22
    """From open to open; measured human blinks take 0.1 to 0.4 s."""

    settle_s: float = 2.0
    """The head starts to move this gradually after it came to rest."""

    def __post_init__(self) -> None:
        if self.sway < 0 or min(self.blink_period_s, self.blink_s, self.settle_s) <= 0:
            raise ValueError(f"{self}: sway must be >= 0 and the times > 0")
        if self.blink_s > self.blink_period_s / 2:
            raise ValueError(f"{self}: a blink must be shorter than half of its period")


def idle_pose(rest: Coefficients, now: float, since: float, config: IdleConfig) -> Coefficients:
    """The waiting avatar at ``now``, waiting since ``since`` (seconds, same clock).

    A pure function of time: at ``since`` it is exactly ``rest``.
    """
    waited = max(0.0, now - since)
    rise = 1 - math.exp(-((waited / config.settle_s) ** 2))
    yaw, pitch, roll = (
        config.sway * rise * amplitude * math.sin(2 * math.pi * waited / period + phase)
        for amplitude, period, phase in SWAY
    )
    expression = rest.expression.copy()
    expression[BLINK] = np.maximum(expression[BLINK], np.float32(blink_at(waited, config)))
    return replace(
        rest,
        rotation=rotation_from_euler(yaw, pitch, roll) @ rest.rotation,
        expression=expression,
        captured_at=now,
    )


def blink_at(waited: float, config: IdleConfig) -> float:
    """How closed the lids are, [0, 1]: one raised-cosine blink in each period."""
    number, into = divmod(waited, config.blink_period_s)
    # golden-ratio steps spread the moments evenly without repeating; none in the first third
    place = (1 / 3 + 2 / 3 * ((number + 1) * 0.6180339887 % 1)) * config.blink_period_s
    begin = min(place, config.blink_period_s - config.blink_s)
    progress = (into - begin) / config.blink_s
    return 0.5 - 0.5 * math.cos(2 * math.pi * progress) if 0 < progress < 1 else 0.0
