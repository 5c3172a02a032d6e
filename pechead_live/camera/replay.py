"""Blank frames at a recording's times: the camera of a recorded motion.

The motion itself comes from a tracker that replays the same recording; these frames only carry the
time.
"""

import time

import numpy as np

from pechead_live.camera.pace import Pace, Sleep
from pechead_live.clock import Clock, monotonic
from pechead_live.frame import Frame
from pechead_live.recording import Recording

BLANK_SIZE = 16
"""Pixels; nothing looks at them."""


class ReplayCamera:
    """One blank frame for each entry of a recording, when it is due.

    Not paced, ``captured_at`` is the time since the recording's first entry.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        paced: bool = True,
        loop: bool = False,
        clock: Clock = monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        start = recording.coefficients[0].captured_at
        self._times = [c.captured_at - start for c in recording.coefficients]
        self._fps = recording.fps
        self._period = self._times[-1] + 1 / recording.fps
        self._pace = Pace(clock, sleep) if paced else None
        self._loop = loop
        self._index = 0
        self._pixels = np.zeros((BLANK_SIZE, BLANK_SIZE, 3), np.uint8)

    @property
    def fps(self) -> float:
        """Frames per second of the recording."""
        return self._fps

    def read(self) -> Frame | None:
        """The next blank frame; None at the end, which a looping recording does not have."""
        rounds, index = divmod(self._index, len(self._times))
        if rounds and not self._loop:
            return None
        self._index += 1
        presentation = rounds * self._period + self._times[index]
        captured_at = presentation if self._pace is None else self._pace.wait(presentation)
        return Frame(pixels=self._pixels, captured_at=captured_at)

    def close(self) -> None:
        """Ends the stream."""
        self._loop = False
        self._index = len(self._times)
