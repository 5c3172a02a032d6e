"""When to track: so that a frame's coefficients are ready just as the renderer is free for them.

A renderer slower than the camera draws some frames only. Those tracked in between cost the renderer
the time that they take (13 of 25 were drawn of `lite-s` in a studio on two cores, measured), and
coefficients that are ready early grow old while they wait.
"""

import threading

from pechead_live.clock import Clock

NEW_SHARE = 0.2
"""Of the newest duration in an estimate; the rest is the estimate before it."""

EARLY = 0.25
"""Of the time that tracking takes: so much earlier than necessary it begins, as it varies."""


class Pace:
    """Between a tracker and a renderer; the tracker waits, the renderer says where it is."""

    def __init__(self, clock: Clock, longest_s: float) -> None:
        """``longest_s``: of a wait, however long the renderer takes."""
        self._clock, self._longest = clock, longest_s
        self._changed = threading.Condition()
        self._offered = False
        self._began: float | None = None
        self._drawing = self._tracking = 0.0
        self._closed = False

    def wait(self) -> None:
        """Returns when it is time to take the next frame: at once while the renderer is idle or
        quicker than the tracker, in any case after ``longest_s``."""
        until = self._clock() + self._longest
        with self._changed:
            while not self._closed and (left := min(until - self._clock(), self._due())) > 0:
                self._changed.wait(left)

    def tracked(self, seconds: float) -> None:
        """Coefficients are offered to the renderer; tracking took ``seconds``."""
        with self._changed:
            self._tracking = _estimate(self._tracking, seconds)
            self._offered = True

    def drawing(self) -> None:
        """The renderer has taken them and begins to draw."""
        with self._changed:
            self._offered = False
            self._began = self._clock()
            self._changed.notify()

    def drawn(self) -> None:
        """The renderer is free."""
        with self._changed:
            if self._began is not None:
                self._drawing = _estimate(self._drawing, self._clock() - self._began)
            self._began = None
            self._changed.notify()

    def close(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _due(self) -> float:
        """Seconds until tracking should begin; under the lock."""
        if self._offered:  # not taken yet: another would replace them
            return self._longest
        if self._began is None:
            return 0.0
        free_at = self._began + self._drawing
        return free_at - (1 + EARLY) * self._tracking - self._clock()


def _estimate(before: float, seconds: float) -> float:
    return seconds if before == 0 else before + NEW_SHARE * (seconds - before)
