"""The camera's own picture can never reach a sink, whatever fails."""

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pechead_live.coefficients import Coefficients
from pechead_live.errors import DeviceError
from pechead_live.frame import Frame, Picture
from pechead_live.live.config import LoopConfig
from pechead_live.live.loop import run_loop
from pechead_live.live.scene import Scene

PRIVATE = (255, 0, 213)
"""The colour of every frame; the renderer never uses it."""


class PrivateCamera:
    """Frames of one colour. After ``fail_after`` of them it fails, like an unplugged device."""

    fps = 200.0

    def __init__(self, fail_after: int | None) -> None:
        self._left = fail_after
        self._closed = threading.Event()

    def read(self) -> Frame | None:
        if self._left == 0:
            raise DeviceError("camera 0 gives no more pictures: check its cable")
        if self._left is not None:
            self._left -= 1
        time.sleep(0.005)
        pixels = np.empty((8, 8, 3), np.uint8)
        pixels[:] = PRIVATE
        return Frame(pixels=pixels, captured_at=time.monotonic())

    def close(self) -> None:
        self._closed.set()


def no_face(frame: Frame) -> Coefficients | None:
    return None


def face(frame: Frame) -> Coefficients | None:
    return Coefficients(captured_at=frame.captured_at)


def crash(frame: Frame) -> Coefficients | None:
    raise RuntimeError("tracker crashed")


def nonsense(frame: Frame) -> Coefficients | None:
    return Coefficients(scale=float("inf"))


def the_frame_itself(frame: Frame) -> Any:
    return frame


class ScriptTracker:
    """Does something else at every call, over and over."""

    def __init__(self, *script: Callable[[Frame], Any]) -> None:
        self._script = itertools.cycle(script)

    def track(self, frame: Frame) -> Any:
        return next(self._script)(frame)

    def close(self) -> None:
        pass


class GreenRenderer:
    """Draws green, or fails."""

    def __init__(self, *, fails: bool) -> None:
        self._fails = fails
        self._calls = 0

    def initial_state(self) -> tuple[()]:
        return ()

    def render(self, coefficients: Coefficients, state: tuple[()]) -> tuple[Picture, tuple[()]]:
        self._calls += 1
        if self._fails and self._calls % 3:
            raise RuntimeError("renderer crashed")
        pixels = np.zeros((8, 8, 3), np.uint8)
        pixels[..., 1] = 200
        return Picture(pixels=pixels, captured_at=coefficients.captured_at), state


class WatchingSink:
    """Keeps what is written to it."""

    def __init__(self) -> None:
        self.written: list[Any] = []

    def write(self, picture: Picture) -> None:
        self.written.append(picture)

    def close(self) -> None:
        pass


TRACKERS = [face, no_face, crash, nonsense, the_frame_itself]


@pytest.mark.parametrize("fail_after", [None, 0, 3], ids=["steady", "dead", "unplugged"])
@pytest.mark.parametrize("renderer_fails", [False, True], ids=["drawing", "drawing-fails"])
@pytest.mark.parametrize(
    "script",
    [[one] for one in TRACKERS] + [list(two) for two in itertools.permutations(TRACKERS, 2)],
    ids=lambda script: "-".join(step.__name__ for step in script),
)
def test_no_pixel_of_the_camera_reaches_a_sink(
    script: list[Callable[[Frame], Any]], renderer_fails: bool, fail_after: int | None
):
    sink, stop = WatchingSink(), threading.Event()

    def enough() -> None:
        if len(sink.written) >= 6:
            stop.set()

    scene = Scene(renderer=GreenRenderer(fails=renderer_fails), rest=Coefficients())
    run_loop(
        open_camera=lambda: PrivateCamera(fail_after),
        tracker=ScriptTracker(*script),
        scenes=lambda: scene,
        sinks={"watching": sink},
        config=LoopConfig(
            fps=200, silence_s=0.008, reopen_first_s=0.005, reopen_longest_s=0.01, seconds=10.0
        ),
        stop=stop,
        watch=enough,
    )
    assert len(sink.written) >= 6
    for picture in sink.written:
        assert type(picture) is Picture
        assert not (picture.pixels == PRIVATE).all(axis=2).any()
        assert (picture.pixels == (0, 200, 0)).all()
