"""The four seams of the live path, one verb each: camera, tracker, renderer, sink.

Nobody inherits from them: whatever has the verb fits. State is passed in and handed back, zeros
before the first frame, and the loop never looks inside it.
"""

from typing import Protocol, TypeVar

from pechead_live.coefficients import Coefficients
from pechead_live.frame import Frame, Picture

State = TypeVar("State")
"""A renderer's memory: a NamedTuple of arrays, opaque to everybody else."""


class Camera(Protocol):
    """Where frames come from."""

    @property
    def fps(self) -> float:
        """Nominal frames per second, > 0."""
        ...

    def read(self) -> Frame | None:
        """The next frame; blocks until there is one. None at the end of the stream.

        Raises `DeviceError` when a device fails or goes away.
        """
        ...

    def close(self) -> None:
        """Frees the device; calling it twice does no harm."""
        ...


class Tracker(Protocol):
    """Frame to coefficients."""

    def track(self, frame: Frame) -> Coefficients | None:
        """Pose and expression of the largest face; None when there is no face."""
        ...

    def close(self) -> None:
        """Frees what it holds."""
        ...


class Renderer(Protocol[State]):
    """Coefficients to a picture of the avatar."""

    def initial_state(self) -> State:
        """The state before the first picture."""
        ...

    def render(self, coefficients: Coefficients, state: State) -> tuple[Picture, State]:
        """Draws the avatar with ``coefficients`` in its portrait's own coordinates."""
        ...


class Sink(Protocol):
    """Where pictures go."""

    def write(self, picture: Picture) -> None:
        """Takes one picture. Raises `DeviceError` or `OutputError` when it cannot go on."""
        ...

    def close(self) -> None:
        """Finishes what it wrote and frees the device; calling it twice does no harm."""
        ...
