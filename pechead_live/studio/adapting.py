"""How large to draw and to send: less when the machine or the network cannot keep up.

The rate needs no rule: the loop draws the newest frame, a viewer is sent the newest picture, and
what is too much is left out.
"""

from typing import NamedTuple

SCALES = (1.0, 0.75, 0.5)
"""Of the size that was asked for, in the order in which they are tried."""

STRAINED, RELAXED = 0.9, 0.3
"""Share of the time between two frames that drawing takes: above the first it is too slow, below
the second a larger picture would be quick enough (a step of the scale costs a factor of 1.8 to
2.3 at most)."""

STRAINED_TICKS, RELAXED_TICKS = 5, 30
"""Seconds in a row before anything changes; going back is slow, so that it does not swing."""

POOR, RICH = 0.8, 1.6
"""Bits a second and pixel: below the first a picture of half the side looks better than what the
encoder makes of the whole one, above the second it does not."""


class Effort(NamedTuple):
    """What drawing has been like."""

    step: int = 0
    """Place in `SCALES`."""
    strained: int = 0
    """Seconds in a row."""
    relaxed: int = 0
    """Seconds in a row."""


def after_a_second(effort: Effort, share: float | None) -> Effort:
    """``share``: of the time between two frames that drawing takes; None while nothing is drawn."""
    if share is None:
        return effort._replace(strained=0, relaxed=0)
    strained = effort.strained + 1 if share > STRAINED else 0
    relaxed = effort.relaxed + 1 if share < RELAXED else 0
    if strained >= STRAINED_TICKS and effort.step + 1 < len(SCALES):
        return Effort(effort.step + 1)
    if relaxed >= RELAXED_TICKS and effort.step > 0:
        return Effort(effort.step - 1)
    return Effort(effort.step, strained, relaxed)


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Width and height times ``scale``, even, as encoders want them."""
    width, height = (max(64, 2 * round(side * scale / 2)) for side in size)
    return width, height


def halves(bitrate: int | None, pixels: int, *, halved: bool) -> bool:
    """Whether a viewer whose estimated ``bitrate`` (bits a second) this is gets half the side."""
    if bitrate is None:
        return halved
    return bitrate < (RICH if halved else POOR) * pixels
