"""The next frame's crop from this frame's face: near enough to hold it, still enough to read from.

What R reads depends a little on where its crop lies, and its crop on what it has read: small
differences are followed slowly, so that the two do not swing.
"""

import math
from dataclasses import dataclass

import numpy as np

from pechead_live.facemodel.face_crop import FaceCrop


@dataclass(frozen=True, kw_only=True)
class FollowingConfig:
    """How a crop follows, and what is no face any more. Shares are of the crop's half side."""

    slowest: float = 0.05
    """Share of a very small difference that is made up for in a frame. At 1 what is read trembles
    by a third more, measured on six clips."""

    quick: float = 0.3
    """A difference of this share, and one of this many radians, is made up for at once. Jitter in
    training has a deviation of 0.1, of which this is the largest that occurs."""

    largest_shift: float = 0.6
    """A face cannot have moved further than this share in a frame: it was read wrong."""

    largest_growth: float = 1.5
    """Nor grown or shrunk by more than this factor."""

    smallest: float = 12.0
    """Pixels of the picture that half a crop must have: nothing is to be read off fewer."""

    largest: float = 1.6
    """Half sides of the picture that half a crop may have: most of it would lie outside."""

    def __post_init__(self) -> None:
        if not (0 < self.slowest <= 1 and self.quick > 0 and self.largest_growth > 1):
            raise ValueError(f"{self}: slowest in (0, 1], quick above 0, largest_growth above 1")
        if min(self.largest_shift, self.smallest, self.largest) <= 0:
            raise ValueError(f"{self}: largest_shift, smallest and largest must be above 0")


def follow(crop: FaceCrop, face: FaceCrop, config: FollowingConfig) -> FaceCrop:
    """``crop`` on its way to ``face``, the crop that the face in it asks for."""
    away = face.centre - crop.centre
    growth = math.log(face.half / crop.half)
    turn = math.remainder(face.roll - crop.roll, 2 * math.pi)
    difference = max(float(np.linalg.norm(away)) / crop.half, abs(growth), abs(turn))
    share = min(1.0, config.slowest + (1 - config.slowest) * difference / config.quick)
    return FaceCrop(
        (crop.centre + np.float32(share) * away).astype(np.float32),
        crop.half * math.exp(share * growth),
        crop.roll + share * turn,
    )


def drifted(crop: FaceCrop, face: FaceCrop, config: FollowingConfig) -> bool:
    """True if ``face``, read off ``crop``, lies where no face can be that ``crop`` holds."""
    shift = float(np.linalg.norm(face.centre - crop.centre)) / crop.half
    growth = max(face.half / crop.half, crop.half / face.half)
    return not (shift <= config.largest_shift and growth <= config.largest_growth)


def usable(crop: FaceCrop, width: int, height: int, config: FollowingConfig) -> bool:
    """True if ``crop`` lies in a picture of ``width`` x ``height`` and is neither tiny nor huge."""
    shorter = min(width, height)
    edge = np.array([width, height]) / shorter
    inside = bool((np.abs(crop.centre) <= edge).all())  # False where it is not a number
    return inside and 2 * config.smallest / shorter <= crop.half <= config.largest
