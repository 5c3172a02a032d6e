"""Constant frame rate from uneven capture times."""

import logging
import math

logger = logging.getLogger(__name__)

SLACK = 0.75
"""Frames a picture may be early or late before one is left out or repeated. More than half a frame,
so that a camera whose phase lies between two slots does not flicker between both."""

LONGEST_GAP_S = 10.0
"""A longer gap (a suspended machine) is cut out instead of filled with a still picture."""


class Cadence:
    """Which numbers of a film of ``fps`` a picture takes, from when it was captured."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._cut = 0.0

    def stamps(self, elapsed: float, following: int) -> range:
        """Numbers for a picture captured ``elapsed`` seconds after the first one, when number
        ``following`` is the next free one: none (left out), one, or more (the last is its own,
        those before repeat its predecessor)."""
        late = (elapsed - self._cut) * self._fps - following
        if late < -SLACK:
            return range(0)
        if late > LONGEST_GAP_S * self._fps:
            self._cut += late / self._fps
            logger.warning("a gap of %.1f s was cut out of the film", late / self._fps)
            late = 0.0
        repeats = math.floor(late + 0.5) if late > SLACK else 0
        return range(following, following + repeats + 1)
