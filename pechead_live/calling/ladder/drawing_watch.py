"""Whether this end is quick enough to draw the other one by itself."""

SLOW, QUICK = 10.0, 14.0
"""Pictures a second."""

WINDOW_S = 3.0
"""So long they are counted."""

WINDOWS = 2
"""In a row that are slow, or quick, before the other end is told."""

HOLDS_S = 60.0
"""What the other end is told holds for so long: it may send video meanwhile, and this end has
nothing to draw. Then it is tried again."""


class DrawingWatch:
    """Of one call, in one thread. Times are passed in, seconds."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None
        self._slow = self._quick = 0
        self._told_slow_at: float | None = None

    def told(self, drawn: int | None, now: float) -> float | None:
        """Pictures a second that the other end is to be told; None while there is nothing new.

        ``drawn``: pictures so far; None while this end draws none, which is no matter of speed.
        """
        if drawn is None or self._began is None or drawn < self._began[1]:
            self._began = None if drawn is None else (now, drawn)
            return None
        since, before = self._began
        if now - since < WINDOW_S:
            return None
        rate = (drawn - before) / (now - since)
        self._began = now, drawn
        if self._told_slow_at is not None and now - self._told_slow_at > HOLDS_S:
            self._told_slow_at = None
        self._slow = self._slow + 1 if 0 < rate < SLOW else 0  # none at all: nothing to draw
        self._quick = self._quick + 1 if rate > QUICK else 0
        was_slow = self._told_slow_at is not None
        if (self._quick if was_slow else self._slow) < WINDOWS:
            return None
        self._told_slow_at = None if was_slow else now
        return rate
