"""What an end of a call knows of its line, from what the other end says."""

from collections import deque

from pechead_live.calling.ladder.drawing_watch import HOLDS_S
from pechead_live.calling.ladder.rungs import Look

SHARE = 0.3
"""Of each new measurement in the mean."""

ROUND_TRIPS, NEWEST = 30, 3
"""Kept, to know the line's own; of which the least is how it is now."""

FEWEST = 3
"""Pictures sent, below which what arrived of them says nothing."""

FORGOTTEN_S = 5.0
"""What was said of pictures so long ago holds no more."""


class LineWatch:
    """Of one call, in one thread. Times are passed in, seconds."""

    def __init__(self) -> None:
        self._lost_motion = self._lost_pictures = 0.0
        self._round_trips: deque[float] = deque(maxlen=ROUND_TRIPS)
        self._carried: float | None = None
        self._saw_at = -1e9
        self._drawn: tuple[float, float] | None = None

    def motion_was_lost(self, share: float) -> None:
        """Of the frames told of lately, [0, 1]."""
        self._lost_motion += SHARE * (share - self._lost_motion)

    def came_back(self, took: float) -> None:
        """A ping, after so many seconds."""
        self._round_trips.append(took)

    def were_seen(self, pictures: int, lost: float, sent: int, now: float) -> None:
        """The other end has shown ``pictures`` since it last said so, of ``sent``; of their
        packets the share ``lost`` never came."""
        self._lost_pictures += SHARE * (lost - self._lost_pictures)
        self._saw_at = now
        if sent >= FEWEST:
            share = min(pictures / sent, 1.0)
            before = share if self._carried is None else self._carried
            self._carried = before + SHARE * (share - before)

    def draws(self, pictures: float, now: float) -> None:
        """So many a second, the other end by itself."""
        self._drawn = pictures, now

    def begin_pictures(self) -> None:
        """A video begins, or changes: what was seen of another one is forgotten."""
        self._carried, self._lost_pictures = None, 0.0

    def look(self, confidence: float, now: float) -> Look:
        """All of it ``now``."""
        pictured = now - self._saw_at < FORGOTTEN_S
        drawn = self._drawn
        if drawn is not None and now - drawn[1] > HOLDS_S:
            drawn = None
        trips = list(self._round_trips)
        late = min(trips[-NEWEST:]) - min(trips) if trips else 0.0
        return Look(
            confidence=confidence,
            drawn=None if drawn is None else drawn[0],
            lost=max(self._lost_motion, self._lost_pictures if pictured else 0.0),
            late_s=late,
            carried=self._carried if pictured else None,
        )
