"""What is shown before the other end's avatar is there: an empty frame."""

from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.coefficients import Coefficients
from pechead_live.frame import Picture

GROUND = (32, 34, 40)
DOT = (96, 102, 116)


class WaitingState(NamedTuple):
    """Nothing."""


class WaitingRenderer:
    """Three dots on a dark ground."""

    def __init__(self, width: int, height: int) -> None:
        """Pixels."""
        self._pixels = np.full((height, width, 3), GROUND, np.uint8)
        radius = max(2, height // 60)
        for place in (-1, 0, 1):
            centre = (width // 2 + place * 4 * radius, height // 2)
            cv2.circle(self._pixels, centre, radius, DOT, -1, cv2.LINE_AA)

    def initial_state(self) -> WaitingState:
        """See `Renderer`."""
        return WaitingState()

    def render(
        self, coefficients: Coefficients, state: WaitingState
    ) -> tuple[Picture, WaitingState]:
        """The same picture every time."""
        return Picture(pixels=self._pixels.copy(), captured_at=coefficients.captured_at), state
