"""Pacing: let stored frames appear when they would have appeared live."""

import time
from collections.abc import Callable

from pechead_live.clock import Clock, monotonic

Sleep = Callable[[float], None]
"""Waits for that many seconds."""

TOO_LATE_S = 1.0
"""A reader this far behind (a suspended machine) starts counting again instead of racing."""


class Pace:
    """Maps presentation times to the monotonic clock: the first one is now."""

    def __init__(self, clock: Clock = monotonic, sleep: Sleep = time.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._offset: float | None = None

    def wait(self, presentation: float) -> float:
        """Sleeps until ``presentation`` (seconds) is due; the monotonic time it is handed out."""
        now = self._clock()
        if self._offset is None or now - (presentation + self._offset) > TOO_LATE_S:
            self._offset = now - presentation
        due = presentation + self._offset
        if due > now:
            self._sleep(due - now)
        return max(due, now)
