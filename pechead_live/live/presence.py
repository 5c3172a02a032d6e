"""What the avatar shows when the face comes and goes: the fail-closed policy as a pure function.

Seen: follow. Lost: hold for a moment (trackers miss single frames), then ease to rest and idle.
Seen again: ease back in. Nothing here is ever the camera's picture; it is only coefficients.
"""

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import Coefficients
from pechead_live.live.blend import blend, smoothstep
from pechead_live.live.idle import BLINK, IdleConfig, idle_pose


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceConfig:
    """Times of the policy, seconds."""

    hold_s: float = 0.5
    """A lost face keeps its last pose this long."""

    ease_s: float = 0.6
    """Then it takes this long to come to rest."""

    relock_s: float = 0.3
    """A face that appears is followed fully after this long."""

    soft_after_s: float = 0.1
    """A face that was missed for longer is eased into again: three frames at 30 frames/s."""

    lids_s: float = 0.15
    """In a held pose the lids go back to rest within this time: a half-blink never freezes."""

    idle: IdleConfig = field(default_factory=IdleConfig)
    """What rest looks like after a while."""

    def __post_init__(self) -> None:
        if min(self.hold_s, self.soft_after_s) < 0:
            raise ValueError(f"{self}: hold_s and soft_after_s must be >= 0")
        if min(self.ease_s, self.relock_s, self.lids_s) <= 0:
            raise ValueError(f"{self}: ease_s, relock_s and lids_s must be > 0")


class PresenceState(NamedTuple):
    """The policy's memory."""

    following: bool
    """True while a face is followed or held, False while the avatar comes to rest and idles."""

    changed_at: float
    """When `following` changed, or a short loss ended; seconds."""

    origin: Coefficients
    """What was shown then: every change starts from it, so that nothing jumps."""

    held: Coefficients
    """The last pose that was measured; rest before the first."""

    seen_at: float
    """When that was, seconds; -inf before the first."""

    shown: Coefficients
    """What was shown last."""


def initial_presence_state(rest: Coefficients, now: float) -> PresenceState:
    """Nobody was seen yet; the avatar is at rest."""
    return PresenceState(False, now, rest, rest, -math.inf, rest)


def appear(
    measured: Coefficients | None,
    rest: Coefficients,
    now: float,
    state: PresenceState,
    config: PresenceConfig,
) -> tuple[Coefficients, PresenceState]:
    """The coefficients to draw at ``now``, with ``captured_at`` of ``measured`` or ``now``.

    ``measured``: the face in the avatar's coordinates, None when there is none.
    """
    following, changed_at, origin = state.following, state.changed_at, state.origin
    lost_for = now - state.seen_at
    if measured is not None:
        if not following or lost_for > config.soft_after_s:
            following, changed_at, origin = True, now, state.shown
    elif following and lost_for > config.hold_s:
        following, changed_at, origin = False, now, state.shown
    elapsed = now - changed_at
    if following:
        target = measured or _with_resting_lids(state.held, rest, lost_for, config)
        shown = blend(origin, target, smoothstep(elapsed / config.relock_s))
    else:
        idle = idle_pose(rest, now, changed_at, config.idle)
        shown = blend(origin, idle, smoothstep(elapsed / config.ease_s))
    shown = replace(shown, captured_at=now if measured is None else measured.captured_at)
    held, seen_at = (state.held, state.seen_at) if measured is None else (measured, now)
    return shown, PresenceState(following, changed_at, origin, held, seen_at, shown)


def follow_on(state: PresenceState, now: float) -> PresenceState:
    """After a pose that was held from outside: whatever comes next starts from what is shown."""
    return state._replace(changed_at=now, origin=state.shown)


def _with_resting_lids(
    held: Coefficients, rest: Coefficients, lost_for: float, config: PresenceConfig
) -> Coefficients:
    """``held`` with its lids on their way to where they are at rest."""
    weight = np.float32(smoothstep(lost_for / config.lids_s))
    expression = held.expression.copy()
    expression[BLINK] += (rest.expression[BLINK] - expression[BLINK]) * weight
    return replace(held, expression=expression)
