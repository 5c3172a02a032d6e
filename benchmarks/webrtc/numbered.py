"""The studio with a frame's number carried from what the tracker is given to what is drawn.

The avatar replaces the camera's pixels, so a number in them cannot reach the page by itself: the
tracker reads it, and the renderer of the very frame draws it, matched by `captured_at`.
"""

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from benchmarks.webrtc.frame_code import draw_number, read_number
from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import Coefficients
from pechead_live.frame import Frame, Picture, Pixels
from pechead_live.protocols import Renderer, Tracker
from pechead_live.studio.prepared import Factory
from pechead_live.studio.session import Parts

KEPT = 256
"""Frames under way, more than there ever are."""


class Numbers:
    """`captured_at` of a frame to its number; one process has one camera here."""

    def __init__(self) -> None:
        self._known: OrderedDict[float, int] = OrderedDict()

    def note(self, captured_at: float, number: int) -> None:
        self._known[captured_at] = number
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    def of(self, captured_at: float) -> int | None:
        return self._known.get(captured_at)


class NumberedTracker:
    """Another tracker, behind a reading of the number in each frame."""

    def __init__(self, tracker: Tracker, numbers: Numbers) -> None:
        self._tracker, self._numbers = tracker, numbers

    def track(self, frame: Frame) -> Coefficients | None:
        number = read_number(frame.pixels)
        if number is not None:
            self._numbers.note(frame.captured_at, number)
        return self._tracker.track(frame)

    def close(self) -> None:
        self._tracker.close()


class NumberedRenderer:
    """Another renderer, whose pictures carry the number of the frame that they answer."""

    def __init__(self, renderer: Renderer[Any], numbers: Numbers) -> None:
        self._renderer, self._numbers = renderer, numbers

    @property
    def provider(self) -> str | None:
        return getattr(self._renderer, "provider", None)

    def initial_state(self) -> Any:
        return self._renderer.initial_state()

    def render(self, coefficients: Coefficients, state: Any) -> tuple[Picture, Any]:
        picture, state = self._renderer.render(coefficients, state)
        number = self._numbers.of(coefficients.captured_at)
        if number is not None:
            picture = replace(picture, pixels=draw_number(picture.pixels, number))
        return picture, state


def numbered(parts: Parts) -> Parts:
    """``parts`` whose tracker and renderers carry numbers."""
    numbers = Numbers()

    def factory_of(model: str, engine: str | None, background: Pixels | None) -> Factory:
        factory = parts.factory_of(model, engine, background)

        def make(avatar: Avatar, width: int, height: int) -> Renderer[Any]:
            return NumberedRenderer(factory(avatar, width, height), numbers)

        return make

    return parts._replace(
        factory_of=factory_of,
        open_tracker=lambda: NumberedTracker(parts.open_tracker(), numbers),
    )
