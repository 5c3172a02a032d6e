"""What a running loop draws may change: another scene, frozen poses, sinks that come and go."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from pechead_live.camera.synthetic import SyntheticCamera
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError, OutputError
from pechead_live.frame import Frame, Picture
from pechead_live.live.config import LoopConfig
from pechead_live.live.loop import run_loop
from pechead_live.live.measurements import Measurements
from pechead_live.live.outlets import Outlets
from pechead_live.live.scene import Scene


class Memory(NamedTuple):
    drawn: int


class FlatRenderer:
    """A picture of one colour; green counts its own pictures, blue is the jaw."""

    def __init__(self, red: int) -> None:
        self._red = red

    def initial_state(self) -> Memory:
        return Memory(0)

    def render(self, coefficients: Coefficients, state: Memory) -> tuple[Picture, Memory]:
        pixels = np.empty((8, 8, 3), np.uint8)
        jaw = round(255 * float(coefficients.expression[JAW]))
        pixels[:] = (self._red, min(state.drawn, 255), jaw)
        return Picture(pixels=pixels, captured_at=coefficients.captured_at), Memory(state.drawn + 1)


class OpeningMouth:
    """The jaw opens a little with every frame."""

    def __init__(self) -> None:
        self._frames = 0

    def track(self, frame: Frame) -> Coefficients | None:
        self._frames += 1
        jaw = min(1.0, self._frames / 100)
        return Coefficients(captured_at=frame.captured_at).with_expressions({"jawOpen": jaw})

    def close(self) -> None:
        pass


class Kept:
    """Keeps pictures and calls ``then`` with their number."""

    def __init__(self, then: Callable[[int], None] = lambda number: None) -> None:
        self.colours: list[tuple[int, ...]] = []
        self.times: list[float] = []
        self.closed = threading.Event()
        self._then = then

    def write(self, picture: Picture) -> None:
        self.colours.append(tuple(int(level) for level in picture.pixels[0, 0]))
        self.times.append(picture.captured_at)
        self._then(len(self.colours))

    def close(self) -> None:
        self.closed.set()


JAW = int(np.flatnonzero(Coefficients().with_expressions({"jawOpen": 1.0}).expression)[0])
REST = Coefficients()
RED, BLUE = FlatRenderer(200), FlatRenderer(20)


def play(scenes: list[Scene], change_at: dict[int, int], frames: int = 90) -> list[tuple[int, ...]]:
    """Colours of the pictures; at picture n the scene becomes ``scenes[change_at[n]]``."""
    present = [0]

    def then(number: int) -> None:
        present[0] = change_at.get(number, present[0])

    sink = Kept(then)
    run_loop(
        open_camera=lambda: SyntheticCamera(width=16, height=16, fps=100, frame_count=frames),
        tracker=OpeningMouth(),
        scenes=lambda: scenes[present[0]],
        sinks={"kept": sink},
        config=LoopConfig(silence_s=1.0),
    )
    assert sink.times == sorted(sink.times)
    return sink.colours


def test_another_renderer_takes_over_with_a_memory_of_its_own() -> None:
    colours = play([Scene(RED, REST), Scene(BLUE, REST)], {30: 1})
    reds = [colour[0] for colour in colours]
    switched = reds.index(20)
    assert switched >= 30
    assert set(reds[:switched]) == {200} and set(reds[switched:]) == {20}
    drawn = [colour[1] for colour in colours]
    assert drawn[switched] < 10 < switched - 1 <= drawn[switched - 1]


def test_a_frozen_pose_stays_and_thaws_without_a_jump() -> None:
    scene = Scene(RED, REST)
    colours = play([scene, scene._replace(attention="freeze")], {30: 1, 60: 0}, 140)
    jaws = [colour[2] for colour in colours]
    assert len(set(jaws[45:60])) == 1
    assert jaws[-1] > jaws[60] + 50
    assert max(b - a for a, b in zip(jaws[60:], jaws[61:], strict=False)) < 60


def test_an_idle_avatar_comes_to_rest_while_a_face_is_there() -> None:
    scene = Scene(RED, REST)
    colours = play([scene, scene._replace(attention="idle")], {20: 1}, 200)
    assert colours[19][2] > 20
    assert colours[-1][2] == 0


def test_a_sink_may_come_and_go_while_pictures_flow() -> None:
    outlets = Outlets(Measurements())
    first, second = Kept(), Kept()
    outlets.add("first", first)
    for number in range(6):
        outlets.write(Picture(pixels=np.zeros((2, 2, 3), np.uint8), captured_at=float(number)))
        time.sleep(0.01)
        if number == 2:
            outlets.add("second", second)
        if number == 3:
            outlets.remove("first")
            assert first.closed.is_set()
    outlets.close()
    assert first.times == [0, 1, 2, 3] and second.times == [3, 4, 5]
    assert second.closed.is_set() and outlets.sinks == {}


def test_a_sink_that_fails_is_named_and_leaves_the_others_alone() -> None:
    def full(number: int) -> None:
        if number == 2:
            raise OutputError("the disk is full: make room")

    measurements = Measurements()
    outlets = Outlets(measurements)
    failing, other = Kept(full), Kept()
    outlets.add("failing", failing)
    outlets.add("other", other)
    for number in range(5):
        outlets.write(Picture(pixels=np.zeros((2, 2, 3), np.uint8), captured_at=float(number)))
        time.sleep(0.02)
    assert outlets.failures == {"failing": "the disk is full: make room"}
    assert set(outlets.sinks) == {"other"} and failing.closed.is_set()
    assert measurements.counted("sink failures") == 1
    outlets.add("failing", Kept())
    assert outlets.failures == {}
    outlets.close()
    assert len(other.times) == 5


def test_two_sinks_of_one_name_are_refused() -> None:
    outlets = Outlets(Measurements())
    outlets.add("one", Kept())
    with pytest.raises(InputError, match="'one' already"):
        outlets.add("one", Kept())
    outlets.close()


def test_durations_are_found_by_when_they_ended() -> None:
    now = [0.0]
    measurements = Measurements(lambda: now[0])
    for second in range(10):
        now[0] = float(second)
        measurements.add("render", second / 100)
    assert [timed.at for timed in measurements.since(6.5)["render"]] == [7.0, 8.0, 9.0]
    assert measurements.since(9.0) == {"render": []}
    assert measurements.report()["stages"]["render"]["count"] == 10
