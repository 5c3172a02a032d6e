"""The live loop's first half: what became of each frame is told, until the end."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest
from stream_motion import REST

from pechead_live.camera.synthetic import SyntheticCamera
from pechead_live.coefficients import Coefficients
from pechead_live.errors import DeviceError
from pechead_live.frame import Frame
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.sensing import Sensing
from pechead_live.live.tracking import Tracked
from pechead_live.motion import MotionConfig, request_calibration
from pechead_live.motion.overrides import Overrides
from pechead_live.protocols import Camera, Tracker
from pechead_live.recording import Recording, read_recording
from pechead_live.samples import sample
from pechead_live.steps import motion_step
from pechead_live.tracker.replay import ReplayTracker

TALKING = read_recording(sample("talking.npz"))
CONFIG = LoopConfig(silence_s=0.4, reopen_first_s=0.01, reopen_longest_s=0.02, finish_s=2)
FRAMES = 20


def camera(frame_count: int | None = FRAMES, fps: float = 60.0) -> SyntheticCamera:
    return SyntheticCamera(width=16, height=12, fps=fps, frame_count=frame_count)


class Sensed:
    """A run of `Sensing` and what it told."""

    def __init__(
        self,
        open_camera: Callable[[], Camera] = camera,
        tracker: Tracker | None = None,
        tell: Callable[[Tracked], None] | None = None,
        calibrate: bool = False,
    ) -> None:
        self.told: list[Tracked] = []
        self.errors: list[Exception] = []
        self.stop = threading.Event()
        self.measurements = Measurements()
        requests = SimpleQueue[Callable[[Any], Any]]()
        if calibrate:
            requests.put(request_calibration)
        self.sensing = Sensing(
            open_camera,
            tracker or ReplayTracker(TALKING),
            tell or self.told.append,
            requests=requests,
            motion=motion_step(REST, MotionConfig(), Overrides()),
            config=CONFIG,
            measurements=self.measurements,
            stop=self.stop,
            on_error=self._fail,
        )

    def _fail(self, error: Exception) -> None:
        self.errors.append(error)
        self.stop.set()

    def until(self, condition: Callable[[], bool], longest_s: float = 8.0) -> None:
        """Starts, and waits for ``condition``."""
        self.sensing.start()
        end = time.monotonic() + longest_s
        while not condition() and time.monotonic() < end:
            time.sleep(0.005)
        assert condition()

    def finish(self) -> None:
        self.stop.set()
        self.sensing.finish()


class WaitingTracker:
    """Tracks when it may."""

    def __init__(self) -> None:
        self.may = threading.Event()

    def track(self, frame: Frame) -> Coefficients | None:
        self.may.wait(5)
        return Coefficients(captured_at=frame.captured_at)

    def close(self) -> None:
        pass


class BlindTracker:
    """Sees a face in every other frame, and fails at every third."""

    def __init__(self) -> None:
        self.calls = 0

    def track(self, frame: Frame) -> Coefficients | None:
        self.calls += 1
        if self.calls % 3 == 0:
            raise RuntimeError("the model is gone")
        return Coefficients(captured_at=frame.captured_at) if self.calls % 2 else None

    def close(self) -> None:
        pass


def test_every_frame_that_was_tracked_is_told_in_its_order() -> None:
    run = Sensed()
    run.until(lambda: not run.sensing.running)
    run.sensing.finish()
    times = [tracked.captured_at for tracked in run.told]
    assert times == sorted(set(times))
    assert len(times) + run.sensing.dropped + run_lost(run) == FRAMES
    assert len(times) > FRAMES / 2
    assert all(tracked.coefficients is not None for tracked in run.told)
    assert run.errors == []


def run_lost(run: Sensed) -> int:
    """Frames whose coefficients were overtaken before they could be told."""
    return run.sensing._tracked.dropped


def test_what_is_told_is_the_avatars_motion() -> None:
    run = Sensed(calibrate=True)
    run.until(lambda: len(run.told) >= 3)
    run.finish()
    first = run.told[0].coefficients
    assert first is not None
    assert first.identity == pytest.approx(REST.identity)
    assert first.rotation == pytest.approx(REST.rotation, abs=0.05)


def test_it_ends_with_the_cameras_stream_and_the_last_frame_is_told() -> None:
    run = Sensed(lambda: camera(1))
    run.until(lambda: not run.sensing.running)
    run.sensing.finish()
    assert len(run.told) == 1


def test_it_ends_when_it_shall_stop() -> None:
    run = Sensed(lambda: camera(None))
    run.until(lambda: len(run.told) > 3)
    began = time.monotonic()
    run.finish()
    assert time.monotonic() - began < CONFIG.finish_s
    assert not run.sensing.running
    told = len(run.told)
    time.sleep(0.1)
    assert len(run.told) == told


def test_a_slow_tracker_gets_the_newest_frame_and_the_others_are_counted() -> None:
    tracker = WaitingTracker()
    run = Sensed(lambda: camera(FRAMES, 200.0), tracker)
    run.until(lambda: run.sensing.dropped >= FRAMES - 3)
    tracker.may.set()
    while run.sensing.running:
        time.sleep(0.005)
    run.sensing.finish()
    assert 1 <= len(run.told) <= 3


def test_without_a_face_and_after_a_failure_nobody_is_told_of() -> None:
    run = Sensed(lambda: camera(12, 30.0), BlindTracker())
    run.until(lambda: not run.sensing.running)
    run.sensing.finish()
    seen = [tracked.coefficients is not None for tracked in run.told]
    assert True in seen
    assert False in seen
    assert run.errors == []
    assert run.measurements.report()["events"]["tracker failures"] >= 1


def test_a_recording_with_nobody_in_it_tells_of_nobody() -> None:
    nobody = Recording(
        coefficients=tuple(Coefficients(confidence=0.0, captured_at=k / 25) for k in range(5)),
        fps=25,
    )
    run = Sensed(tracker=ReplayTracker(nobody))
    run.until(lambda: len(run.told) > 3)
    run.finish()
    assert all(tracked.coefficients is None for tracked in run.told)


def test_a_camera_that_cannot_be_opened_is_opened_again() -> None:
    tries = 0

    def open_camera() -> Camera:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DeviceError("the camera is taken")
        return camera()

    run = Sensed(open_camera)
    run.until(lambda: not run.sensing.running)
    run.sensing.finish()
    assert run.told
    assert run.errors == []


def test_a_camera_that_breaks_otherwise_is_an_error() -> None:
    def broken() -> Camera:
        raise ValueError("there is no camera -1")

    run = Sensed(broken)
    run.until(lambda: bool(run.errors))
    run.finish()
    assert isinstance(run.errors[0], ValueError)
    assert run.told == []


def test_who_is_told_and_fails_ends_it_with_that_error() -> None:
    def tell(tracked: Tracked) -> None:
        raise ValueError(f"no room for {tracked.captured_at:.0f}")

    run = Sensed(lambda: camera(None), tell=tell)
    run.until(lambda: bool(run.errors))
    run.finish()
    assert isinstance(run.errors[0], ValueError)
    assert not run.sensing.running
