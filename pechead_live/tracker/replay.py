"""A tracker that does not look: it plays a recording, one entry a frame."""

import bisect
from dataclasses import replace

from pechead_live.coefficients import Coefficients
from pechead_live.frame import Frame
from pechead_live.recording import Recording


class ReplayTracker:
    """Plays ``recording`` to whatever frames come."""

    def __init__(self, recording: Recording, *, loop: bool = True, by_time: bool = False) -> None:
        """``by_time`` takes the entry nearest to the time since the first frame, so that the
        motion keeps its pace whatever the camera's; else every frame gets the next entry.
        ``loop`` starts again at the end; else there is no face any more."""
        self._coefficients = recording.coefficients
        start = self._coefficients[0].captured_at
        self._times = [coefficients.captured_at - start for coefficients in self._coefficients]
        self._period = self._times[-1] + 1 / recording.fps
        self._loop = loop
        self._by_time = by_time
        self._next = 0
        self._started_at: float | None = None

    def track(self, frame: Frame) -> Coefficients | None:
        """The entry for this frame with the frame's time; None where no face was recorded."""
        index = self._index_by_time(frame.captured_at) if self._by_time else self._next
        self._next += 1
        if self._loop:
            index %= len(self._coefficients)
        if index >= len(self._coefficients):
            return None
        coefficients = self._coefficients[index]
        if coefficients.confidence <= 0:
            return None
        return replace(coefficients, captured_at=frame.captured_at)

    def close(self) -> None:
        """There is nothing to free."""

    def _index_by_time(self, captured_at: float) -> int:
        if self._started_at is None:
            self._started_at = captured_at
        elapsed = max(0.0, captured_at - self._started_at)
        if self._loop:
            elapsed %= self._period
        elif elapsed >= self._period:
            return len(self._times)
        after = bisect.bisect_left(self._times, elapsed)
        if after == 0:
            return 0
        if after == len(self._times):
            return after - 1
        nearer = self._times[after] - elapsed < elapsed - self._times[after - 1]
        return after if nearer else after - 1
