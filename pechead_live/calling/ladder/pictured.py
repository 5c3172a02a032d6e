"""What an end of a call shows the other end as: its video while that comes, else a fresh still of
its camera, if there is one, else its avatar."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pechead_live.calling.ladder.pictures_sent import squared
from pechead_live.coefficients import Coefficients
from pechead_live.frame import Picture, Pixels
from pechead_live.protocols import Renderer


class VideoPicture(NamedTuple):
    """Of the other end."""

    pixels: Pixels
    of_camera: bool
    """Else it shows an avatar."""


class PicturedState(NamedTuple):
    """What is remembered of both."""

    avatar: Any
    fresh: Any
    """Of the renderer ``of``."""
    of: Renderer[Any] | None


class Pictured:
    """A renderer that shows video where there is some; a video that falters is bridged by the
    fresh still or the avatar."""

    def __init__(
        self,
        renderer: Renderer[Any],
        video: Callable[[], VideoPicture | None],
        fresh: Callable[[], Renderer[Any] | None] = lambda: None,
        *,
        size: tuple[int, int],
        label: Callable[[Picture], Picture],
    ) -> None:
        """``video``: the newest picture, None if there is none, or it is old. ``fresh``: what draws
        the fresh still. ``size``: width and height of what is shown. ``label``: put on whatever no
        camera saw as it is."""
        self._renderer, self._video, self._fresh = renderer, video, fresh
        self._size, self._label = size, label

    def initial_state(self) -> PicturedState:
        """See `Renderer`."""
        return PicturedState(self._renderer.initial_state(), None, None)

    def render(
        self, coefficients: Coefficients, state: PicturedState
    ) -> tuple[Picture, PicturedState]:
        """See `Renderer`; what is not drawn keeps its memory."""
        video = self._video()
        if video is None:
            picture, state = self._drawn(coefficients, state)
            return self._label(picture), state
        picture = Picture(
            pixels=_placed(video.pixels, *self._size), captured_at=coefficients.captured_at
        )
        if state.of is not self._fresh():  # withdrawn: its renderer is let go of
            state = PicturedState(state.avatar, None, None)
        return picture if video.of_camera else self._label(picture), state

    def _drawn(
        self, coefficients: Coefficients, state: PicturedState
    ) -> tuple[Picture, PicturedState]:
        fresh = self._fresh()
        if fresh is None:
            picture, avatar = self._renderer.render(coefficients, state.avatar)
            return picture, PicturedState(avatar, None, None)
        memory = state.fresh if state.of is fresh else fresh.initial_state()
        picture, memory = fresh.render(coefficients, memory)
        return picture, PicturedState(state.avatar, memory, fresh)


def _placed(pixels: Pixels, width: int, height: int) -> Pixels:
    """A square in the middle of a dark ground."""
    side = min(width, height)
    square = squared(pixels, side)
    if width == height:
        return square.copy()
    ground = np.zeros((height, width, 3), np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    ground[top : top + side, left : left + side] = square
    return ground
