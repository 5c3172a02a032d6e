"""When sound is to be heard: as long after it was spoken as the picture is seen after it was taken.

Both carry the sender's time, so the two clocks need not agree.
"""

from collections import deque

from pechead_live.calling.microphone import RATE

MOST_S = 0.4
"""Sound waits for its picture by so much, at most."""

SPREAD = 0.95
"""Share of the packets whose sound shall be there in time."""

WINDOW = 60
"""Packets by which that is measured."""

SMOOTHING = 0.05
"""Of each new measurement in the mean."""


class LipSync:
    """Of one call; written and read by two threads, each value on its own."""

    def __init__(self) -> None:
        self._sound_origin: tuple[int, float] | None = None
        self._picture_lag: float | None = None
        self._last: int | None = None
        self._sent = 0.0
        self._ways: deque[float] = deque(maxlen=WINDOW)

    def sound_was_heard(self, timestamp: int, seconds: float) -> None:
        """The sample of RTP ``timestamp`` was heard at ``seconds`` of the sender's stream."""
        self._sound_origin = timestamp, seconds

    def picture_is_shown(self, seconds: float, now: float) -> None:
        """The sender's ``seconds`` are on the screen ``now``, local clock."""
        lag = now - seconds
        before = self._picture_lag
        if before is None or abs(lag - before) > MOST_S:
            self._picture_lag = lag
        else:
            self._picture_lag = before + SMOOTHING * (lag - before)

    def due(self, timestamp: int, came: float) -> float:
        """When the sample of ``timestamp``, which ``came`` then, is to be heard; local clock."""
        if self._last is not None:
            self._sent += _apart(timestamp, self._last)
        self._last, sent = timestamp, self._sent
        self._ways.append(came - sent)
        ways = sorted(self._ways)
        soonest = sent + ways[min(len(ways) - 1, round(SPREAD * len(ways)))]
        origin, picture_lag = self._sound_origin, self._picture_lag
        if origin is None or picture_lag is None:
            return soonest
        spoken = origin[1] + _apart(timestamp, origin[0])
        return min(max(spoken + picture_lag, soonest), soonest + MOST_S)


def _apart(timestamp: int, earlier: int) -> float:
    """Seconds; timestamps have 32 bits and begin again."""
    return ((timestamp - earlier + (1 << 31)) % (1 << 32) - (1 << 31)) / RATE
