"""The capture thread: a camera that fails is opened again."""

import logging
import threading
import time

import numpy as np
import pytest

from pechead_live.camera.synthetic import SyntheticCamera
from pechead_live.errors import DeviceError, InputError
from pechead_live.frame import Frame
from pechead_live.live.capture import capture
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.slot import Slot

QUICK = LoopConfig(reopen_first_s=0.001, reopen_longest_s=0.004)


class FlakyCamera:
    """Gives ``frames`` frames, then fails; or ends, when it is the last."""

    def __init__(self, frames: int, *, ends: bool = False, size: int = 8) -> None:
        self.fps = 30.0
        self.closed = 0
        self._left, self._ends, self._size = frames, ends, size

    def read(self) -> Frame | None:
        if self._left == 0:
            if self._ends:
                return None
            raise DeviceError("camera 0 gives no more pictures: check its cable")
        self._left -= 1
        pixels = np.zeros((self._size, self._size, 3), np.uint8)
        return Frame(pixels=pixels, captured_at=time.monotonic())

    def close(self) -> None:
        self.closed += 1


class RecordingStop(threading.Event):
    """Keeps how long somebody wanted to wait, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


def test_a_camera_that_fails_is_closed_and_opened_again_until_the_stream_ends():
    cameras = [FlakyCamera(3), FlakyCamera(2, size=16), FlakyCamera(4, ends=True)]
    opened = iter(cameras)
    measurements = Measurements()
    capture(
        lambda: next(opened),
        Slot(),
        config=QUICK,
        measurements=measurements,
        stop=threading.Event(),
    )
    assert measurements.counted("frames") == 9
    assert measurements.counted("camera failures") == 2
    assert [camera.closed for camera in cameras] == [1, 1, 1]


def test_each_attempt_waits_twice_as_long_up_to_a_limit_and_success_starts_over():
    stop = RecordingStop()
    attempts: list[int] = []

    def open_camera() -> FlakyCamera:
        attempts.append(len(attempts))
        if len(attempts) == 7:
            return FlakyCamera(1)
        if len(attempts) == 9:
            return FlakyCamera(0, ends=True)
        raise DeviceError("there is no camera 0: plug one in")

    capture(open_camera, Slot(), config=LoopConfig(), measurements=Measurements(), stop=stop)
    assert stop.waits == [0.5, 1, 2, 4, 8, 8, 0.5, 1]


def test_an_outage_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    opened = iter([FlakyCamera(1), FlakyCamera(0), FlakyCamera(0), FlakyCamera(2, ends=True)])
    capture(
        lambda: next(opened),
        Slot(),
        config=QUICK,
        measurements=Measurements(),
        stop=threading.Event(),
    )
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "check its cable" in caplog.records[0].message


def test_stopping_ends_the_wait_for_a_camera():
    stop = threading.Event()

    def missing() -> FlakyCamera:
        raise DeviceError("there is no camera 0: plug one in")

    thread = threading.Thread(
        target=capture,
        args=(missing, Slot[Frame]()),
        kwargs={"config": LoopConfig(), "measurements": Measurements(), "stop": stop},
    )
    thread.start()
    stop.set()
    thread.join(2)
    assert not thread.is_alive()


def test_an_error_that_is_not_the_devices_is_not_hidden():
    def vanished() -> FlakyCamera:
        raise InputError("there is no file a.mp4: check the name")

    with pytest.raises(InputError):
        capture(vanished, Slot(), config=QUICK, measurements=Measurements(), stop=threading.Event())


def test_a_fast_camera_drops_old_frames_and_the_slot_counts_them():
    frames: Slot[Frame] = Slot()
    capture(
        lambda: SyntheticCamera(width=8, height=8, frame_count=20, paced=False),
        frames,
        config=QUICK,
        measurements=Measurements(),
        stop=threading.Event(),
    )
    newest = frames.take(0)
    assert newest is not None and newest.captured_at == pytest.approx(19 / 30)
    assert frames.dropped == 19
