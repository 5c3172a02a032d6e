"""This end's own pictures, for the rungs of the ladder that have video."""

from collections.abc import Callable
from typing import Any

from pechead_live.coefficients import Coefficients
from pechead_live.frame import Frame, Picture
from pechead_live.protocols import Camera, Renderer


class WatchedCamera:
    """A camera, each of whose frames is seen by somebody else, too."""

    def __init__(self, camera: Camera, see: Callable[[Picture], None]) -> None:
        self._camera, self._see = camera, see

    @property
    def fps(self) -> float:
        """See `Camera`."""
        return self._camera.fps

    def read(self) -> Frame | None:
        """See `Camera`."""
        frame = self._camera.read()
        if frame is not None:
            self._see(Picture(pixels=frame.pixels, captured_at=frame.captured_at))
        return frame

    def close(self) -> None:
        """See `Camera`."""
        self._camera.close()


class OwnAvatar:
    """This end's avatar, drawn here."""

    def __init__(
        self,
        make_renderer: Callable[[], Renderer[Any]],
        rest: Coefficients,
        label: Callable[[Picture], Picture],
    ) -> None:
        """``make_renderer`` is called when the first picture is needed."""
        self._make_renderer, self._label = make_renderer, label
        self._renderer: Renderer[Any] | None = None
        self._state: Any = None
        self._last = rest

    def draw(self, coefficients: Coefficients | None, captured_at: float) -> Picture:
        """Its picture; None draws the last one."""
        if self._renderer is None:
            self._renderer = self._make_renderer()
            self._state = self._renderer.initial_state()
        self._last = coefficients or self._last
        picture, self._state = self._renderer.render(self._last, self._state)
        return self._label(Picture(pixels=picture.pixels, captured_at=captured_at))
