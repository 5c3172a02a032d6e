"""The ladder: what an end of a call sends, by how well its face is read and what the line carries.

    coefficients -> and a fresh still -> a small video and coefficients -> video

Up where coefficients say too little, down as soon as they say enough again, or the line does not
carry it. Pure: `climbed` takes the state, what was seen and the time, and gives the next state.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from pechead_live.errors import InputError


class Rung(IntEnum):
    """What is sent beside sound."""

    MOTION = 0
    """Coefficients."""
    STILL = 1
    """Coefficients of a still that was taken just now."""
    LOW = 2
    """A small video, and coefficients for when it falters."""
    VIDEO = 3
    """Video."""

    @property
    def word(self) -> str:
        """In messages."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class LadderConfig:
    """Which rungs there are, and when one is left. Times are seconds."""

    rungs: tuple[Rung, ...] = (Rung.MOTION,)
    """That may be used, from the lowest."""
    of_camera: bool = False
    """Whether the camera may be seen, while the face is not read; else pictures are the avatar's,
    drawn at this end, and hold nothing that coefficients lack."""

    unsure: float = 0.6
    """Confidence of the tracker, below which coefficients say too little."""
    sure: float = 0.75
    """Above it they say enough."""
    unsure_s: float = 1.5
    """So long, before it goes up; `FORGIVEN` counts what it was read in between."""
    sure_s: float = 5.0
    """So long, before it goes down."""

    slow: float = 10.0
    """Pictures a second that the other end draws by itself, below which it is sent video."""

    lossy: float = 0.1
    """Share of what is lost, above which the line does not carry it."""
    lossless: float = 0.04
    """Below it the line may carry more."""
    late_s: float = 0.25
    """Delay beyond the line's own, above which the line does not carry it."""
    prompt_s: float = 0.12
    """Below it the line may carry more."""
    bad_s: float = 1.0
    """The line is bad for so long, before it goes down."""

    still_s: float = 8.0
    """A fresh still is waited for so long, before more is sent."""
    settle_s: float = 3.0
    """After a step, before the next one up, and before what the line did counts."""
    hold_s: float = 10.0
    """After a step down for the line, before it is tried again; twice as long each time."""
    most_hold_s: float = 160.0
    """At most; and after so long on a rung the first hold holds again."""

    def __post_init__(self) -> None:
        if self.rungs != tuple(sorted(set(self.rungs))) or Rung.MOTION not in self.rungs:
            raise InputError(
                f"rungs {[rung.word for rung in self.rungs]}: give each once, in order, with motion"
            )
        if not self.of_camera and {Rung.STILL, Rung.VIDEO} & set(self.rungs):
            raise InputError("a fresh still and video show the camera: allow it, or leave them out")
        if not (0 < self.unsure < self.sure <= 1 and 0 <= self.lossless < self.lossy <= 1):
            raise InputError(
                f"confidence {self.unsure} to {self.sure}, loss {self.lossless} to {self.lossy}: "
                "each pair must grow, within 0 and 1"
            )
        waits = (self.unsure_s, self.sure_s, self.bad_s, self.settle_s, self.still_s)
        times = (*waits, self.prompt_s, self.late_s)
        if not (all(0 <= t < 1e6 for t in times) and self.prompt_s < self.late_s):
            raise InputError("the ladder's times: give 0 or more, prompt_s below late_s")
        if not 0 < self.hold_s <= self.most_hold_s:
            raise InputError(f"hold_s {self.hold_s}: give more than 0, at most most_hold_s")


class Look(NamedTuple):
    """What is known at a moment."""

    confidence: float
    """Of the tracker in the last frame; 0 where there was no face."""
    drawn: float | None = None
    """Pictures a second that the other end last said it draws by itself; None: enough."""
    lost: float = 0.0
    """Share of what was sent lately."""
    late_s: float = 0.0
    """Delay of the line beyond its own."""
    carried: float | None = None
    """Share of the pictures sent that the other end has shown lately; None if none were sent."""
    still: bool | None = None
    """Whether the other end has a fresh still that was taken on this rung; False: none could be
    taken; None while that is not known."""


class Ladder(NamedTuple):
    """Where an end stands."""

    rung: Rung = Rung.MOTION
    why: str = "the call begins"
    """Of the last step."""
    stepped_at: float = -1e9
    unsure_at: float | None = None
    """Since when coefficients say too little: later by what was read in between (`FORGIVEN`)."""
    is_unsure: bool = False
    """Whether coefficients said too little in the last look."""
    looked_at: float = -1e9
    """Of the last look."""
    sure_at: float | None = None
    """Since when they say enough."""
    bad_at: float | None = None
    """Since when the line is bad."""
    held_until: float = -1e9
    """No step up before."""
    hold_s: float | None = None
    """Of the last step down for the line."""
    still_at: float | None = None
    """Since when the other end has a fresh still of this rung."""


FORGIVEN = 0.5
"""Seconds of an unread face that a second of a read one makes good. So a face that is unread in a
share p of the looks, evenly, is climbed for after unsure_s / (p - FORGIVEN (1 - p)): 1.5 s where
p is 1, 6 s where it is a half; never where it is a third, FORGIVEN / (1 + FORGIVEN), or less."""

LEAST_CARRIED = 0.6
"""Share of the pictures that arrive on a line that carries them."""


UNREAD, READ = "the face cannot be read well", "the face is read well again"
"""Why, in the words that both ends see."""


def climbed(ladder: Ladder, look: Look, now: float, config: LadderConfig) -> Ladder:
    """After what was seen ``now``; the rung is the next one that is of use, at most."""
    ladder = _noted(ladder, look, now, config)
    if now - ladder.stepped_at >= config.most_hold_s:
        ladder = ladder._replace(hold_s=None)
    faceless = ladder.rung == Rung.STILL and look.still is False
    if now - ladder.stepped_at < config.settle_s and not faceless:
        return ladder
    slow = look.drawn is not None and look.drawn < config.slow
    unread = config.of_camera and _is_unread(ladder, now, config)
    if ladder.rung >= Rung.LOW and _since(ladder.bad_at, now) >= config.bad_s:
        below = _below(ladder.rung, config, still=unread)
        if below is not None:
            return _fallen(ladder, below, look, now, config)
    below = _below(ladder.rung, config, still=False)
    enough = _since(ladder.sure_at, now) >= config.sure_s
    if below is not None and enough and not (slow and ladder.rung == Rung.LOW):
        return _stepped(ladder, below, READ, now)
    above = _above(ladder.rung, config, still=unread)
    if above is None or (ladder.rung == Rung.STILL and not _was_shown(ladder, look, now, config)):
        return ladder
    if above >= Rung.LOW and (now < ladder.held_until or _strained(look, config)):
        return ladder
    if unread:
        return _stepped(ladder, above, UNREAD, now)
    if slow and ladder.rung < Rung.LOW:
        why = f"motion is drawn only {look.drawn:.0f} times a second"
        return _stepped(ladder, above, why, now)
    return ladder


def _was_shown(ladder: Ladder, look: Look, now: float, config: LadderConfig) -> bool:
    """Whether the fresh still has been seen for a while, or was waited for in vain."""
    if look.still is False or now - ladder.stepped_at >= config.still_s:
        return True
    return _since(ladder.still_at, now) >= config.settle_s


def _below(rung: Rung, config: LadderConfig, *, still: bool) -> Rung | None:
    """The next one down; ``still``: a fresh still is of use, as the face is not read."""
    rungs = (r for r in config.rungs if r < rung and (still or r != Rung.STILL))
    return max(rungs, default=None)


def _above(rung: Rung, config: LadderConfig, *, still: bool) -> Rung | None:
    """The next one up; a fresh still does not help who draws too slowly."""
    rungs = (r for r in config.rungs if r > rung and (still or r != Rung.STILL))
    return min(rungs, default=None)


def is_of_camera(before: bool, ladder: Ladder, now: float, config: LadderConfig) -> bool:
    """Whether pictures are the camera's from ``now`` on: while the face is not read, and only
    then. ``before``: whether they were."""
    if not config.of_camera:
        return False
    if before:
        return _since(ladder.sure_at, now) < config.sure_s
    return _is_unread(ladder, now, config)


def _is_unread(ladder: Ladder, now: float, config: LadderConfig) -> bool:
    """In the last look, and for long enough."""
    return ladder.is_unsure and _since(ladder.unsure_at, now) >= config.unsure_s


def _noted(ladder: Ladder, look: Look, now: float, config: LadderConfig) -> Ladder:
    is_unsure = look.confidence < config.unsure
    enough = look.confidence > config.sure or not config.of_camera
    few = look.carried is not None and look.carried < LEAST_CARRIED
    bad = look.lost > config.lossy or look.late_s > config.late_s or few
    return ladder._replace(
        unsure_at=_unsure_at(ladder, now, config, is_unsure=is_unsure),
        is_unsure=is_unsure,
        looked_at=now,
        sure_at=_held(ladder.sure_at, now, holds=enough),
        bad_at=_held(ladder.bad_at, now, holds=bad),
        still_at=_held(ladder.still_at, now, holds=look.still is True),
    )


def _unsure_at(
    ladder: Ladder, now: float, config: LadderConfig, *, is_unsure: bool
) -> float | None:
    """From one look to the next, what the earlier one saw is taken to hold."""
    at = ladder.unsure_at
    if at is not None and not ladder.is_unsure:
        at += (1 + FORGIVEN) * (now - ladder.looked_at)
    elif at is not None and not is_unsure:
        at = max(at, ladder.looked_at - config.unsure_s)  # no more than that is to be made good
    if at is None or at > now:
        return now if is_unsure else None
    return at


def _held(since: float | None, now: float, *, holds: bool) -> float | None:
    if not holds:
        return None
    return now if since is None else since


def _since(at: float | None, now: float) -> float:
    """Seconds that something has held; less than none if it does not hold."""
    return -1.0 if at is None else now - at


def _strained(look: Look, config: LadderConfig) -> bool:
    return look.lost > config.lossless or look.late_s > config.prompt_s


def _stepped(ladder: Ladder, rung: Rung, why: str, now: float) -> Ladder:
    """What was measured on the rung before says nothing about this one."""
    return ladder._replace(rung=rung, why=why, stepped_at=now, bad_at=None, still_at=None)


def _fallen(ladder: Ladder, below: Rung, look: Look, now: float, config: LadderConfig) -> Ladder:
    if look.lost > config.lossy:
        why = f"the line loses {100 * look.lost:.0f} % of it"
    elif look.late_s > config.late_s:
        why = f"the line delays it by {1000 * look.late_s:.0f} ms"
    else:
        why = "too few of the pictures arrive"
    twice = config.hold_s if ladder.hold_s is None else 2 * ladder.hold_s
    hold = min(twice, config.most_hold_s)
    fallen = _stepped(ladder, below, why, now)
    return fallen._replace(held_until=now + hold, hold_s=hold)
