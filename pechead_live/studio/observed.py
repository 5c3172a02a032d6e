"""What the tracker sees, kept for the page: is there a face, how well, where, and how bright."""

from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import Coefficients
from pechead_live.frame import Frame
from pechead_live.protocols import Tracker

BRIGHTNESS_STEP = 16
"""Every so-manieth pixel each way is looked at."""


class Observation(NamedTuple):
    """The last frame, in figures; never its pixels."""

    face: bool
    confidence: float
    """Of the tracker, 0 to 1."""
    place: tuple[float, float]
    """Of the face's middle, picture coordinates: the frame's middle square is [-1, 1]."""
    scale: float
    """Of the face, as `Coefficients.scale`; about 0.2 to 0.6 for someone at a desk."""
    aspect: float
    """Width over height of the frame."""
    brightness: float
    """Mean of the frame, 0 to 255."""


NOTHING = Observation(False, 0.0, (0.0, 0.0), 0.0, 1.0, 128.0)


class ObservedTracker:
    """A tracker that remembers what it saw last; for readers in other threads."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self.last = NOTHING

    def track(self, frame: Frame) -> Coefficients | None:
        """As the tracker within."""
        found = self._tracker.track(frame)
        height, width = frame.pixels.shape[:2]
        brightness = float(np.mean(frame.pixels[::BRIGHTNESS_STEP, ::BRIGHTNESS_STEP]))
        if found is None:
            self.last = NOTHING._replace(aspect=width / height, brightness=brightness)
        else:
            x, y = (float(value) for value in found.translation)
            self.last = Observation(
                face=found.confidence > 0,
                confidence=found.confidence,
                place=(x, y),
                scale=found.scale,
                aspect=width / height,
                brightness=brightness,
            )
        return found

    def close(self) -> None:
        """Closes the tracker within."""
        self._tracker.close()
