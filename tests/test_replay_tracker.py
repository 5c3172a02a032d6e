"""A recording as a tracker."""

from dataclasses import replace

import numpy as np
import pytest
from motion_samples import face, score

from pechead_live.frame import Frame
from pechead_live.recording import Recording
from pechead_live.tracker.replay import ReplayTracker

PIXELS = np.zeros((2, 2, 3), np.uint8)

RECORDING = Recording(
    coefficients=tuple(face(jawOpen=i / 10, at=5 + i * 0.1) for i in range(4)), fps=10.0
)


def jaws(tracker: ReplayTracker, times: list[float]) -> list[float | None]:
    seen = [tracker.track(Frame(pixels=PIXELS, captured_at=t)) for t in times]
    return [None if c is None else round(score(c, "jawOpen"), 3) for c in seen]


def test_every_frame_gets_the_next_entry_and_its_own_time():
    tracker = ReplayTracker(RECORDING)
    for i in range(4):
        seen = tracker.track(Frame(pixels=PIXELS, captured_at=100.0 + i))
        assert seen is not None
        assert seen.captured_at == 100.0 + i
        assert score(seen, "jawOpen") == pytest.approx(i / 10)
    tracker.close()


def test_a_looping_recording_starts_again():
    assert jaws(ReplayTracker(RECORDING), [float(t) for t in range(6)])[4:] == [0.0, 0.1]


def test_without_a_loop_the_face_is_gone_at_the_end():
    assert jaws(ReplayTracker(RECORDING, loop=False), [float(t) for t in range(6)])[3:] == [
        0.3,
        None,
        None,
    ]


def test_by_time_the_nearest_entry_is_played():
    times = [50.0, 50.04, 50.06, 50.27, 50.31]
    assert jaws(ReplayTracker(RECORDING, by_time=True), times) == [0.0, 0.0, 0.1, 0.3, 0.3]


def test_by_time_a_loop_starts_again_after_its_length():
    assert jaws(ReplayTracker(RECORDING, by_time=True), [50.0, 50.41, 50.52]) == [0.0, 0.0, 0.1]
    assert jaws(ReplayTracker(RECORDING, by_time=True, loop=False), [50.0, 50.41]) == [0.0, None]


def test_a_lost_face_is_no_face():
    lost = tuple(replace(c, confidence=0.0) for c in RECORDING.coefficients[:1])
    tracker = ReplayTracker(replace(RECORDING, coefficients=lost))
    assert tracker.track(Frame(pixels=PIXELS, captured_at=0.0)) is None
