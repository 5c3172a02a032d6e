"""The live loop, whole, with small parts."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from pechead_live.camera.file import FileCamera
from pechead_live.camera.synthetic import SyntheticCamera
from pechead_live.coefficients import Coefficients
from pechead_live.errors import DeviceError, InputError, OutputError
from pechead_live.frame import Frame, Picture
from pechead_live.live.config import LoopConfig
from pechead_live.live.loop import run_loop
from pechead_live.live.measurements import Measurements
from pechead_live.live.presence import PresenceConfig
from pechead_live.live.scene import Scene
from pechead_live.live.step import Step
from pechead_live.protocols import Camera
from pechead_live.sink.file import FileSink

REST = Coefficients()
QUICK = LoopConfig(
    fps=100,
    silence_s=0.4,
    reopen_first_s=0.01,
    reopen_longest_s=0.02,
    renderer_restart=3,
    finish_s=2,
    presence=PresenceConfig(
        hold_s=0.05, ease_s=0.05, relock_s=0.02, soft_after_s=0.02, lids_s=0.01
    ),
)
"""What waits for seconds waits for hundredths here; silence is long, for busy machines."""


def camera(frame_count: int | None = 12, fps: float = 100.0) -> SyntheticCamera:
    return SyntheticCamera(width=16, height=12, fps=fps, frame_count=frame_count)


class JawTracker:
    """Sees a face in every frame; ``script`` says what to do at each call instead."""

    def __init__(self, script: Callable[[int], Coefficients | None] | None = None) -> None:
        self.calls = 0
        self._script = script

    def track(self, frame: Frame) -> Coefficients | None:
        self.calls += 1
        if self._script is not None:
            found = self._script(self.calls)
            return found and replace(found, captured_at=frame.captured_at)
        return Coefficients(captured_at=frame.captured_at).with_expressions({"jawOpen": 0.5})

    def close(self) -> None:
        pass


class DrawnCount(NamedTuple):
    number: int


class JawRenderer:
    """Paints the jaw's opening as grey; its memory counts the pictures."""

    def __init__(self, fail: Callable[[int], bool] = lambda _: False) -> None:
        self.calls = 0
        self.memories: list[int] = []
        self._fail = fail

    def initial_state(self) -> DrawnCount:
        return DrawnCount(0)

    def render(self, coefficients: Coefficients, state: DrawnCount) -> tuple[Picture, DrawnCount]:
        self.calls += 1
        self.memories.append(state.number)
        if self._fail(self.calls):
            raise FloatingPointError("a NaN in the flow")
        level = round(float(coefficients.expression.max()) * 200)
        pixels = np.full((8, 8, 3), level, np.uint8)
        picture = Picture(pixels=pixels, captured_at=coefficients.captured_at)
        return picture, DrawnCount(state.number + 1)


class ListSink:
    """Keeps every picture; fails from the ``fail_at``-th on."""

    def __init__(self, fail_at: int | None = None, error: Exception | None = None) -> None:
        self.pictures: list[Picture] = []
        self.closed = 0
        self._fail_at = fail_at
        self._error = error or DeviceError("the virtual camera has gone away: start it again")

    def write(self, picture: Picture) -> None:
        if self._fail_at is not None and len(self.pictures) + 1 >= self._fail_at:
            raise self._error
        self.pictures.append(picture)

    def close(self) -> None:
        self.closed += 1


def loop(sink: Any = None, **parts: Any) -> Measurements:
    """Runs the loop with the parts above; any can be given, those of the scene too."""
    named = {name: parts.pop(name) for name in Scene._fields if name in parts}
    scene = Scene(**({"renderer": JawRenderer(), "rest": REST} | named))
    usual: dict[str, Any] = {
        "open_camera": camera,
        "tracker": JawTracker(),
        "scenes": lambda: scene,
        "sinks": {"list": sink or ListSink()},
        "config": QUICK,
    }
    return run_loop(**(usual | parts))


def test_frames_become_pictures_in_order_and_carry_their_capture_times():
    sink = ListSink()
    began = time.monotonic()
    measurements = loop(sink)
    times = [picture.captured_at for picture in sink.pictures]
    assert 3 <= len(times) <= 12
    assert times == sorted(times) and all(began <= t <= time.monotonic() for t in times)
    assert sink.closed == 1
    report = measurements.report()
    assert report["events"]["frames"] == 12
    assert report["latency"]["count"] == len(times)
    assert set(report["stages"]) == {"track", "motion", "render", "output", "write list"}
    assert set(report["drops"]) == {"frames", "coefficients", "pictures to list"}


def test_a_slow_renderer_is_given_the_newest_frames_and_no_others_are_tracked():
    class SlowRenderer(JawRenderer):
        def render(
            self, coefficients: Coefficients, state: DrawnCount
        ) -> tuple[Picture, DrawnCount]:
            ages.append(time.monotonic() - coefficients.captured_at)
            time.sleep(0.06)
            return super().render(coefficients, state)

    ages: list[float] = []
    tracker = JawTracker()
    measurements = loop(
        tracker=tracker, renderer=SlowRenderer(), open_camera=lambda: camera(120, fps=100)
    )
    assert tracker.calls <= len(ages) + 4  # of 120
    assert measurements.counted("frames") == 120
    assert np.median(ages) < 0.04  # one that waited for the renderer would be 0.06 old


def test_the_end_of_the_stream_drains_every_slot():
    sink = ListSink()
    last: list[float] = []

    class LastFrame(JawTracker):
        def track(self, frame: Frame) -> Coefficients | None:
            last.append(frame.captured_at)
            return super().track(frame)

    loop(sink, tracker=LastFrame())
    assert sink.pictures[-1].captured_at == last[-1]


def test_several_sinks_get_the_same_pictures_and_a_slow_one_holds_nobody_up():
    quick, slow = ListSink(), ListSink()

    class SlowSink(ListSink):
        def write(self, picture: Picture) -> None:
            time.sleep(0.05)
            slow.write(picture)

    measurements = loop(sinks={"quick": quick, "slow": SlowSink()}, open_camera=lambda: camera(30))
    drops = measurements.report()["drops"]
    assert drops["pictures to slow"] > 10
    assert len(quick.pictures) > 2 * len(slow.pictures) > 0
    shown = {id(picture) for picture in quick.pictures}
    assert len([p for p in slow.pictures if id(p) not in shown]) <= drops["pictures to quick"]


def test_without_a_face_the_avatar_idles_at_the_cameras_rate():
    sink = ListSink()
    loop(sink, tracker=JawTracker(lambda _: None))
    assert len(sink.pictures) >= 3


def test_while_the_camera_is_silent_pictures_keep_flowing_at_the_nominal_rate():
    silent = threading.Event()

    class SilentCamera(SyntheticCamera):
        def read(self) -> Frame | None:
            silent.wait(0.4)
            return None

    sink = ListSink()
    measurements = loop(sink, open_camera=SilentCamera, config=replace(QUICK, silence_s=0.03))
    assert 10 <= len(sink.pictures) <= 42  # 0.4 s at 100 pictures/s, from 0.03 s on
    report = measurements.report()
    assert report["latency"] is None  # an idle picture answers no frame
    assert (
        report["events"]["idle pictures"]
        == len(sink.pictures) + (report["drops"]["pictures to list"])
    )


def test_a_failing_camera_is_opened_again_while_the_avatar_stays_on_the_sink():
    opened: list[Camera] = []

    class Unplugged(SyntheticCamera):
        def read(self) -> Frame | None:
            frame = super().read()
            if frame is None:
                raise DeviceError("camera 0 gives no more pictures: check its cable")
            return frame

    def open_camera() -> Camera:
        kinds = [Unplugged, Unplugged, SyntheticCamera]
        made = kinds[len(opened)](width=16 + 16 * len(opened), fps=100, frame_count=8)
        opened.append(made)
        return made

    sink = ListSink()
    measurements = loop(sink, open_camera=open_camera)
    assert len(opened) == 3
    assert measurements.counted("camera failures") == 2
    assert measurements.counted("frames") == 24
    gaps = np.diff([picture.captured_at for picture in sink.pictures])
    assert gaps.max() < 0.6


def test_a_failing_tracker_is_said_once_and_followed_again_when_it_works(
    caplog: pytest.LogCaptureFixture,
):
    def script(call: int) -> Coefficients | None:
        if 5 <= call < 10:
            raise RuntimeError("graph has errors")
        return Coefficients().with_expressions({"jawOpen": 0.5})

    sink = ListSink()
    measurements = loop(sink, tracker=JawTracker(script), open_camera=lambda: camera(25))
    assert measurements.counted("tracker failures") == 5
    errors = [r for r in caplog.records if r.levelname == "ERROR"]
    assert len(errors) == 1 and "graph has errors" in errors[0].message
    assert sink.pictures[-1].pixels[0, 0, 0] == 100
    assert len(sink.pictures) >= 12


def test_a_measurement_that_is_not_finite_is_no_measurement():
    broken = Coefficients(translation=np.array([np.nan, 0], np.float32))
    renderer = JawRenderer()
    measurements = loop(tracker=JawTracker(lambda _: broken), renderer=renderer)
    assert measurements.counted("faces") == 0
    assert measurements.counted("render failures") == 0
    assert renderer.calls > 5


@pytest.mark.parametrize("which", ["smoothing", "motion"])
def test_a_step_that_fails_or_gives_nonsense_idles_too(which: str):
    def nonsense(coefficients: Coefficients, state: int) -> tuple[Coefficients, int]:
        if state % 2:
            raise ZeroDivisionError("division by zero")
        return replace(coefficients, scale=float("nan")), state + 1

    sink = ListSink()
    measurements = loop(sink, **{which: Step(lambda: 0, nonsense)})
    assert measurements.counted("faces") == 0
    assert measurements.counted("tracker failures") >= 5
    assert len(sink.pictures) >= 5


def test_a_drawing_that_fails_shows_the_last_good_picture_and_is_counted():
    renderer = JawRenderer(fail=lambda call: 4 <= call < 9)
    sink = ListSink()
    measurements = loop(sink, renderer=renderer, open_camera=lambda: camera(20))
    assert measurements.counted("render failures") == 5
    assert len(sink.pictures) >= 15
    times = [picture.captured_at for picture in sink.pictures]
    assert len(set(times)) == len(times)  # the picture is old, its time is not


def test_a_failed_drawing_keeps_the_memory_of_before_until_it_is_started_anew():
    renderer = JawRenderer(fail=lambda call: 4 <= call < 9)
    loop(renderer=renderer, open_camera=lambda: camera(20))
    # three pictures, three failures with that memory, then anew
    assert renderer.memories[:10] == [0, 1, 2, 3, 3, 3, 0, 0, 0, 1]


def test_a_failed_output_step_leaves_the_memory_that_the_drawing_gave():
    renderer, calls = JawRenderer(), [0]

    def output(picture: Picture) -> Picture:
        calls[0] += 1
        if calls[0] == 4:
            raise ValueError("no room for the label")
        return picture

    loop(renderer=renderer, output=output, open_camera=lambda: camera(20))
    assert renderer.memories[:8] == [0, 1, 2, 3, 4, 5, 6, 7]


def test_without_any_good_picture_nothing_is_shown():
    sink = ListSink()
    loop(sink, renderer=JawRenderer(fail=lambda _: True))
    assert sink.pictures == [] and sink.closed == 1


def test_a_failing_sink_is_dropped_and_the_others_go_on(caplog: pytest.LogCaptureFixture):
    broken, good = ListSink(fail_at=3), ListSink()
    measurements = loop(sinks={"broken": broken, "good": good})
    assert len(broken.pictures) == 2 and broken.closed == 1
    assert len(good.pictures) >= 6 and good.closed == 1
    assert measurements.counted("sink failures") == 1
    assert any("sink broken failed" in record.message for record in caplog.records)


def test_when_the_last_sink_fails_the_loop_ends_with_its_error():
    with pytest.raises(OutputError, match="disk is full"):
        loop(
            ListSink(fail_at=2, error=OutputError("the disk is full: free some space")),
            open_camera=lambda: camera(None),
        )


def test_a_sink_that_cannot_be_finished_is_an_error_too():
    class NeverDone(ListSink):
        def close(self) -> None:
            raise OutputError("a.mp4 cannot be written: check the free space")

    with pytest.raises(OutputError, match="free space"):
        loop(NeverDone())


def test_an_unusable_camera_file_ends_the_loop_with_its_error_and_closes_the_sinks():
    def vanished() -> Camera:
        raise InputError("there is no file a.mp4: check the name")

    sink = ListSink()
    with pytest.raises(InputError, match=r"a\.mp4"):
        loop(sink, open_camera=vanished)
    assert sink.closed == 1


def test_a_loop_without_a_sink_is_refused():
    with pytest.raises(InputError, match="no sink"):
        loop(sinks={})


def test_stop_ends_an_endless_stream_and_closes_every_sink():
    stop, sink = threading.Event(), ListSink()
    threading.Timer(0.1, stop.set).start()
    loop(sink, open_camera=lambda: camera(None), stop=stop)
    assert sink.closed == 1 and len(sink.pictures) > 3


def test_the_loop_ends_after_the_seconds_it_was_given():
    measurements = loop(open_camera=lambda: camera(None), config=replace(QUICK, seconds=0.15))
    assert 0.14 < measurements.report()["seconds"] < 1.5


def test_ctrl_c_closes_the_sinks():
    def interrupt() -> None:
        raise KeyboardInterrupt

    sink = ListSink()
    with pytest.raises(KeyboardInterrupt):
        loop(sink, open_camera=lambda: camera(None), watch=interrupt)
    assert sink.closed == 1


def test_a_camera_that_hangs_in_its_driver_does_not_keep_the_sinks_open():
    released = threading.Event()

    class Hanging(SyntheticCamera):
        def read(self) -> Frame | None:
            released.wait(20)
            return None

    sink = ListSink()
    began = time.monotonic()
    loop(sink, open_camera=Hanging, config=replace(QUICK, seconds=0.1, finish_s=0.3))
    assert time.monotonic() - began < 3
    assert sink.closed == 1
    released.set()


def test_watch_runs_in_the_calling_thread():
    seen: list[bool] = []
    loop(watch=lambda: seen.append(threading.current_thread() is threading.main_thread()))
    assert seen and all(seen)


def test_the_output_step_is_the_last_one_before_the_sinks():
    def stamp(picture: Picture) -> Picture:
        pixels = picture.pixels.copy()
        pixels[0, 0] = (1, 2, 3)
        return replace(picture, pixels=pixels)

    sink = ListSink()
    loop(sink, output=stamp)
    assert sink.pictures and all(tuple(p.pixels[0, 0]) == (1, 2, 3) for p in sink.pictures)


def test_steps_keep_their_state_and_requests_change_the_motions():
    from queue import SimpleQueue

    states: list[int] = []
    requests: SimpleQueue[Callable[[Any], Any]] = SimpleQueue()
    requests.put(lambda state: state + 1000)

    def motion(coefficients: Coefficients, state: int) -> tuple[Coefficients, int]:
        states.append(state)
        return coefficients, state + 1

    loop(motion=Step(lambda: 0, motion), requests=requests)
    assert states == list(range(1000, 1000 + len(states))) and len(states) >= 6


def test_smoothing_starts_anew_after_the_face_was_lost_for_long():
    states: list[int] = []

    def smoothing(coefficients: Coefficients, state: int) -> tuple[Coefficients, int]:
        states.append(state)
        return coefficients, state + 1

    def script(call: int) -> Coefficients | None:
        return None if 6 <= call < 18 else Coefficients()

    loop(
        smoothing=Step(lambda: 0, smoothing),
        tracker=JawTracker(script),
        open_camera=lambda: camera(24),
    )
    assert states.count(0) == 2


def test_a_file_in_a_file_out_is_a_film_of_the_same_length(tmp_path: Path):
    sink = FileSink(tmp_path / "out.mp4", 8, 8, 50)
    loop(
        sink,
        open_camera=lambda: camera(30, fps=50),
        config=replace(QUICK, fps=50, silence_s=0.2),
    )
    film = FileCamera(tmp_path / "out.mp4", paced=False)
    frames = list(iter(film.read, None))
    assert 28 <= len(frames) <= 31
    assert frames[-1].captured_at == pytest.approx(29 / 50, abs=0.05)


@pytest.mark.parametrize(
    ("name", "value"),
    [("fps", 0), ("fps", float("nan")), ("silence_s", -1), ("seconds", 0), ("renderer_restart", 0)],
)
def test_settings_that_make_no_sense_are_refused(name: str, value: float):
    with pytest.raises(ValueError, match=f"{name} is"):
        LoopConfig(**{name: value})
