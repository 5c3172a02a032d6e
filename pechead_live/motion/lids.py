"""Blinks: what a driver's eyeBlink scores say about how far the lids are shut.

MediaPipe's scores are no percentages. Over 26 clips (6 300 frames) open eyes score 0.00 to 0.33
and full blinks peak at 0.5 to 0.85, shut by what the lid gap says. Between a person's own open
score and 0.70 the lid closes in proportion: the median gap is within 5 % of a straight line, with
the scores themselves as with fitted coefficients (landmarks see 0.09 of the open gap of shut lids).
So the two ends are all there is to know, and both are followed: the open score from the anchor on,
the shut one from the peaks of blinks.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray
from pechead_live.expressions import EXPRESSION_INDEX

Array = npt.NDArray[np.float64]

BLINK = [EXPRESSION_INDEX["eyeBlinkLeft"], EXPRESSION_INDEX["eyeBlinkRight"]]

SHUT = 0.70
"""Score of shut lids before a blink of this driver has been seen."""

CLOSE_EARLY = 0.9
"""Share of the way at which lids count as shut: peaks vary, and a blink that does not quite close
shows, while one that closes a tenth early does not."""

SHUT_RANGE = (0.50, 0.72)
"""Between which a driver's own shut score may lie."""

FULL = 0.75
"""Above this score the lids are shut, whatever was learned."""

LEAST_RISE = 0.15
"""So far above the open score a blink begins; an anchor with shut eyes stays an anchor."""

LINK_FULL, LINK_NONE = 0.15, 0.30
"""Lids closer than the first go together, further apart than the second each on its own (a wink);
95 % of the measured frames differ by less than 0.17."""

LEAST_PEAK = 0.45
"""A lower peak is a squint or a glance down and says nothing about shut lids."""

SETTLE = 0.5
"""Share of a blink's peak in the shut score that is learned: two blinks make it mostly theirs."""

OPEN_STEP = 0.0005
"""By which the open score moves a frame towards the present one while the eye is open: it becomes
the median, and a squint of some seconds does not become the open eye."""

OPEN_FALL = 0.2
"""Share a frame by which the open score follows one that lies far below: an anchor with shut eyes
is outgrown in 0.2 s."""

OPEN_MOST = 0.35
"""The narrowest eyes of the 26 clips scored 0.33 when open."""


class LidState(NamedTuple):
    """Left and right eye."""

    open: Array
    """(2,) score of the open eye."""
    shut: Array
    """(2,) score of the shut eye."""
    peak: Array
    """(2,) highest score since the eye was last open."""


def initial_lid_state(expression: FloatArray) -> LidState:
    """``expression`` (52,): the anchor's, eyes open."""
    return LidState(
        open=expression[BLINK].astype(np.float64),
        shut=np.full(2, SHUT),
        peak=np.zeros(2),
    )


def shut_lids(expression: FloatArray, state: LidState) -> tuple[Array, LidState]:
    """Driver's expression (52,) to how far each lid is shut, (2,): 0 as open as the anchor, 1 shut.

    Below 0 the eye is wider open than the anchor, in scores.
    """
    score = expression[BLINK].astype(np.float64)
    # by what was known before: learned from the same score first, more blink could open the eye
    above = _linked(score - state.open)
    shut = np.clip(above / np.maximum(CLOSE_EARLY * (state.shut - state.open), 0.1), 0, 1)
    full = (above + state.open > FULL) & (above > LEAST_RISE)
    shut = np.where(full, 1.0, shut)
    return np.where(above < 0, above, shut), _learned(score, state)


def _learned(score: Array, state: LidState) -> LidState:
    above = score - state.open
    step = np.where(np.abs(above) < LEAST_RISE, np.clip(above, -OPEN_STEP, OPEN_STEP), 0.0)
    step = np.where((above > 0) & (state.open + step > OPEN_MOST), 0.0, step)
    opened = state.open + np.where(above <= -LEAST_RISE, OPEN_FALL * above, step)
    peak = np.maximum(state.peak, score)
    over = score < opened + LEAST_RISE
    blinked = over & (peak >= np.maximum(LEAST_PEAK, opened + 2 * LEAST_RISE))
    goal = np.clip(peak, *SHUT_RANGE)
    shut = np.where(blinked, state.shut + SETTLE * (goal - state.shut), state.shut)
    return LidState(open=opened, shut=shut, peak=np.where(over, 0.0, peak))


def _linked(above: Array) -> Array:
    apart = abs(float(above[0] - above[1]))
    own = min(1.0, max(0.0, (apart - LINK_FULL) / (LINK_NONE - LINK_FULL)))
    return above.mean() + own * (above - above.mean())
