"""Cameras that are not files, and the word that opens each."""

import math
from pathlib import Path

import numpy as np
import pytest

from pechead_live.camera.open import open_camera
from pechead_live.camera.opencv import OpenCvCamera, existing_cameras
from pechead_live.camera.replay import ReplayCamera
from pechead_live.camera.synthetic import SyntheticCamera, draw_pattern
from pechead_live.coefficients import Coefficients
from pechead_live.errors import DeviceError, InputError
from pechead_live.recording import Recording, write_recording
from pechead_live.sink.video import VideoWriter
from pechead_live.tracker.replay import ReplayTracker


def recording() -> Recording:
    """Three entries at 10 frames/s, the last one late; the jaw says which is which."""
    return Recording(
        coefficients=tuple(
            Coefficients(captured_at=t).with_expressions({"jawOpen": jaw})
            for t, jaw in ((5.0, 0.1), (5.1, 0.2), (5.4, 0.3))
        ),
        fps=10.0,
    )


def clip(path: Path, count: int = 6) -> Path:
    with VideoWriter(path, width=64, height=48, fps=30) as writer:
        for i in range(count):
            writer.write(np.full((48, 64, 3), (200, 40 * i, 30), np.uint8), i / 30)
    return path


def test_the_synthetic_camera_draws_the_same_moving_pattern_each_time():
    first = SyntheticCamera(width=64, height=48, frame_count=3, paced=False)
    frames = [first.read() for _ in range(4)]
    assert frames[3] is None
    drawn = [f for f in frames if f is not None]
    assert [f.captured_at for f in drawn] == [0, 1 / 30, 2 / 30]
    assert np.array_equal(drawn[2].pixels, draw_pattern(2, 64, 48))
    assert not np.array_equal(drawn[1].pixels, drawn[2].pixels)


def test_a_closed_synthetic_camera_ends():
    camera = SyntheticCamera(paced=False)
    assert camera.read() is not None
    camera.close()
    assert camera.read() is None


def test_a_replayed_recording_keeps_its_own_times_and_its_rounds_do_not_overlap():
    camera = ReplayCamera(recording(), paced=False, loop=True)
    times = [frame.captured_at for frame in (camera.read() for _ in range(5)) if frame]
    assert times == pytest.approx([0.0, 0.1, 0.4, 0.5, 0.6])


def test_a_replayed_recording_ends_unless_it_loops():
    camera = ReplayCamera(recording(), paced=False)
    assert [camera.read() is None for _ in range(4)] == [False, False, False, True]


def test_replay_camera_and_tracker_agree_even_when_frames_are_dropped():
    camera = ReplayCamera(recording(), paced=False, loop=True)
    tracker = ReplayTracker(recording(), by_time=True)
    frames = [camera.read() for _ in range(6)]
    jaws: list[float] = []
    for frame in (frames[0], frames[2], frames[4], frames[5]):
        assert frame is not None
        found = tracker.track(frame)
        assert found is not None
        jaws.append(round(float(found.expression.max()), 1))
    assert jaws == [0.1, 0.3, 0.2, 0.3]


def test_a_camera_index_that_does_not_exist_is_named_with_what_to_do():
    missing = max(existing_cameras(), default=0) + 37
    with pytest.raises(DeviceError, match=rf"camera {missing}\b.*(plug one in|give one of those)"):
        open_camera(str(missing))


def test_a_stream_that_cannot_be_opened_is_named_with_what_to_do():
    with pytest.raises(InputError, match=r"rtsp://127\.0\.0\.1:9/x cannot be opened: check"):
        open_camera("rtsp://127.0.0.1:9/x")


def test_opencv_reads_a_stream_as_rgb_and_paces_a_finite_one(tmp_path: Path):
    now = [50.0]
    camera = OpenCvCamera(
        clip(tmp_path / "a.mp4").as_uri(),
        clock=lambda: now[0],
        sleep=lambda seconds: now.__setitem__(0, now[0] + seconds),
    )
    frames = list(iter(camera.read, None))
    camera.close()
    camera.close()
    assert [f.captured_at for f in frames] == pytest.approx([50 + i / 30 for i in range(6)])
    assert abs(int(frames[0].pixels[20, 20, 0]) - 200) < 6  # red is first


def test_the_word_decides_which_camera_is_opened(tmp_path: Path):
    path = clip(tmp_path / "a.mp4")
    motion = tmp_path / "motion.npz"
    write_recording(recording(), motion)
    assert open_camera(str(path), paced=False).fps == pytest.approx(30)
    assert open_camera(f"replay:{motion}", paced=False).fps == pytest.approx(10)
    assert math.isclose(open_camera(path.as_uri()).fps, 30)


@pytest.mark.parametrize("spec", ["", "  ", "nowhere.mp4", "replay:nowhere.npz"])
def test_a_word_that_names_nothing_is_an_input_error(spec: str):
    with pytest.raises(InputError):
        open_camera(spec)
