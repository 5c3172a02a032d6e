"""The FOMM-style baseline as a method: it watches the driver's pictures, not the coefficients.

Its motion is relative (FOMM): the portrait moves as the driver has moved since the first driving
frame. In a reconstruction that frame is the portrait, so relative and absolute are the same.
"""

from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import FloatArray
from pechead_live.frame import Frame, Picture, Pixels
from pechead_live.renderer.analytic import AnalyticRenderer


class BaselineNetwork(Protocol):
    """A baseline on some runtime. Sources and keypoints are its own: nobody else looks into
    them."""

    @property
    def size(self) -> int:
        """S, side of its pictures, pixels."""
        ...

    def source(self, portrait: FloatArray) -> Any:
        """What depends on the portrait alone, (S, S, 3) RGB in [0, 1]."""
        ...

    def keypoints(self, picture: FloatArray) -> Any:
        """Of a driving picture (S, S, 3)."""
        ...

    def draw(self, source: Any, driving: Any, anchor: Any) -> FloatArray:
        """(S, S, 3) in [0, 1]; ``driving`` and ``anchor`` are keypoints."""
        ...


class BaselineState(NamedTuple):
    """The memory of a film."""

    anchor: tuple[Any, ...]
    """The keypoints of the driver's first frame; empty before it."""


class BaselineRenderer:
    """Draws one avatar as driving frames show it; a `PictureDriven`."""

    def __init__(self, avatar: Avatar, side: int, network: BaselineNetwork) -> None:
        """``side``: of the pictures it gives, pixels."""
        self._side = side
        self._network = network
        portrait = AnalyticRenderer(avatar, side, side).portrait()
        self._source = network.source(self._reduced(portrait))

    def initial_state(self) -> BaselineState:
        """No anchor yet."""
        return BaselineState(())

    def render_frame(self, frame: Frame, state: BaselineState) -> tuple[Picture, BaselineState]:
        """The portrait, (side, side, 3), moved as the driver moved since the first frame."""
        driving = self._network.keypoints(self._reduced(frame.pixels))
        (anchor,) = state.anchor or (driving,)
        drawn = self._network.draw(self._source, driving, anchor)
        eight = np.round(np.clip(drawn, 0, 1) * 255).astype(np.uint8)
        picture = Picture(pixels=_resized(eight, self._side), captured_at=frame.captured_at)
        return picture, BaselineState((anchor,))

    def _reduced(self, pixels: Pixels) -> FloatArray:
        """(S, S, 3) in [0, 1]."""
        return _resized(pixels, self._network.size).astype(np.float32) / np.float32(255)


def _resized(square: Pixels, side: int) -> Pixels:
    if square.shape[0] == side:
        return square
    way = cv2.INTER_AREA if square.shape[0] > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (side, side), interpolation=way), np.uint8)
