"""Looking for the face through a clip: a box in every few frames."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pechead_live.detector.landmarker import Landmarker
from pechead_live.footage.square import Box, box_around
from pechead_live.frame import Frame

LOOK_EVERY = 4
"""The box is measured in every fourth frame: a head moves little in 0.15 s."""


class Looks(NamedTuple):
    """Where the face is in a clip."""

    boxes: dict[int, Box | None]
    """Place of a frame that was looked at to its box; None where it shows no face."""

    length: int
    """Frames of the clip."""

    width: int
    """Of the pictures, pixels."""

    height: int
    """Of the pictures, pixels."""


def look(frames: Iterable[Frame], landmarker: Path | None = None) -> Looks:
    """Finds the largest face in every `LOOK_EVERY`-th frame.

    ``landmarker``: MediaPipe's ``.task`` file, None looks it up.
    """
    boxes: dict[int, Box | None] = {}
    length = width = height = 0
    with Landmarker(landmarker, faces=1) as tracker:
        for place, frame in enumerate(frames):
            length = place + 1
            height, width = frame.pixels.shape[:2]
            if place % LOOK_EVERY == 0:
                found = tracker.measure(frame.pixels, frame.captured_at)
                boxes[place] = None if found is None else box_around(found.points, width, height)
    return Looks(boxes, length, width, height)
