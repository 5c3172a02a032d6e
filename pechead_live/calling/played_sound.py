"""The other end's sound on its way to be heard: each piece at its time, joined where that fits."""

import threading
from collections import deque

import numpy as np

from pechead_live.calling.microphone import RATE, Samples

SLACK_S = 0.04
"""A piece that is due so near to the end of the one before follows it at once: a gap, or a cut, is
heard, this is not."""

LONGEST_S = 1.0
"""Sound that waits; what is more is old."""


class PlayedSound:
    """The network's thread puts in, the speaker's takes out. Local time, seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: deque[tuple[float, Samples]] = deque()
        self._end: float | None = None
        """When the last piece ends."""
        self.gaps = 0

    def put(self, samples: Samples, due: float) -> None:
        """Sound that shall begin at ``due``."""
        with self._lock:
            if self._end is not None and abs(due - self._end) < SLACK_S:
                due = self._end
            elif self._end is not None:
                self.gaps += 1
                if due < self._end:  # there is sound for that time already: the new one counts
                    while self._pieces and self._pieces[-1][0] >= due:
                        self._pieces.pop()
                    if self._pieces:
                        begins, before = self._pieces[-1]
                        self._pieces[-1] = begins, before[: round((due - begins) * RATE)]
            self._pieces.append((due, samples))
            self._end = due + len(samples) / RATE
            while len(self._pieces) > 1 and self._end - self._pieces[0][0] > LONGEST_S:
                self._pieces.popleft()

    def take(self, begins: float, count: int) -> Samples:
        """(count,) what is to be heard from ``begins`` on; silence where there is nothing."""
        sound = np.zeros(count, np.int16)
        with self._lock:
            while self._pieces:
                due, samples = self._pieces[0]
                start = round((due - begins) * RATE)
                if start >= count:
                    break
                left, right = max(0, start), min(count, start + len(samples))
                if right > left:
                    sound[left:right] = samples[left - start : right - start]
                if start + len(samples) > count:
                    break
                self._pieces.popleft()
        return sound
