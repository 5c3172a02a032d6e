"""`Chunk`: some seconds of one head in a still square, with all that was measured on it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.measurement import Measurement
from pechead_live.footage.square import SIDE
from pechead_live.frame import Pixels

__all__ = ["SIDE", "Chunk"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """T frames. Coordinates are the frame's picture coordinates."""

    name: str
    """File and first frame, unique in a data set: ``v0001-00000``."""

    identity: str
    """Who it is; chunks of one person share it."""

    licence: str
    """Of the footage, as its source states it; empty if unknown."""

    source: str
    """The file it was cut from, relative to the folder that was prepared."""

    fps: float
    """Frames per second."""

    frames: Pixels
    """(T, 256, 256, 3) uint8 RGB; may be read from a file as it is needed."""

    coefficients: tuple[Coefficients, ...]
    """T of them, fitted with the identity of the whole chunk, unfiltered."""

    points: FloatArray
    """(T, 478, 3) the measured face points."""

    scores: FloatArray
    """(T, 52) the measured expression scores."""

    portraits: tuple[int, ...]
    """Places of the frames that may serve as the portrait."""

    mattes: npt.NDArray[np.uint8]
    """(len(portraits), P, W) 255 on the person, on the portrait's plate (`avatar.plate`)."""

    truths: tuple[int, ...] = ()
    """Places of the frames that are real, which alone may be the truth; empty: all of them."""

    def measurement(self, place: int) -> Measurement:
        """What was measured on frame ``place``."""
        return Measurement(self.points[place], self.scores[place], 1.0, 1)
