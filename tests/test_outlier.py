"""Outlier rejection."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from motion_samples import face, random_face, seeds

from pechead_live.coefficients import Coefficients
from pechead_live.tracker.outlier import OutlierConfig, initial_outlier_state, reject_outlier


def believed(faces: list[Coefficients], config: OutlierConfig | None = None) -> list[bool]:
    """Which of ``faces``, one every 40 ms unless they say otherwise, are believed."""
    state = initial_outlier_state()
    result: list[bool] = []
    for i, coefficients in enumerate(faces):
        at = coefficients.captured_at or i * 0.04
        seen, state = reject_outlier(replace(coefficients, captured_at=at), state, config)
        result.append(seen is not None)
    return result


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_a_still_face_is_believed(seed: int):
    assert believed([random_face(seed)] * 5) == [True] * 5


@pytest.mark.parametrize(
    "jump", [face(yaw=45), face(x=0.3), face(scale=0.7), face(scale=0.2), face(roll=-50)]
)
def test_a_single_jump_is_not_believed(jump: Coefficients):
    assert believed([face(), jump, face()]) == [True, False, True]


def test_quick_but_human_motion_is_believed():
    assert all(believed([face(yaw=10 * i, x=0.1 * i, scale=0.4 + 0.02 * i) for i in range(5)]))


def test_a_face_that_stays_elsewhere_is_believed_after_three_frames():
    assert believed([face(), *[face(yaw=60)] * 5]) == [True, False, False, False, True, True]


def test_after_a_pause_any_place_is_believed():
    assert believed([face(at=0.1), face(yaw=60, at=0.5)]) == [True, True]


def test_numbers_that_are_not_finite_are_never_believed():
    broken = replace(face(), expression=np.full(52, np.nan, np.float32))
    assert believed([face(), *[broken] * 6, face()]) == [True, *[False] * 6, True]


def test_the_first_face_is_believed_wherever_it_is():
    assert believed([face(yaw=70, x=0.8)]) == [True]


@pytest.mark.parametrize(
    ("setting", "frames"),
    [
        ({"rotation": 5.0}, [face(), face(yaw=6)]),
        ({"translation": 0.1}, [face(), face(x=0.06)]),
        ({"scale": 1.05}, [face(), face(scale=0.44)]),
        ({"frame_s": 1.0}, [face(at=0.1), face(yaw=60, at=0.5)]),
        ({"patience": 9}, [face(), *[face(yaw=60)] * 5]),
    ],
)
def test_every_setting_of_the_rejection_matters(
    setting: dict[str, float], frames: list[Coefficients]
):
    assert believed(frames)[-1]
    assert not believed(frames, replace(OutlierConfig(), **setting))[-1]


def test_what_hardly_fits_a_face_is_never_believed_however_long_it_stays():
    doubtful = replace(face(), confidence=0.3)
    assert believed([face(), *[doubtful] * 6, face()]) == [True, *[False] * 6, True]


def test_the_lowest_confidence_that_real_faces_measured_is_believed():
    assert believed([replace(face(), confidence=0.67)] * 3) == [True] * 3
