"""One-Euro filtering and smoothing in coefficient space."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from motion_samples import face, mirrored, random_face, score, seeds

from pechead_live.coefficients import Coefficients, euler_from_rotation
from pechead_live.rotation import angle_between
from pechead_live.tracker.filter import FilterConfig, filter_coefficients, initial_filter_state
from pechead_live.tracker.smoothing import smooth_recording

FPS = 25.0


def filtered(faces: list[Coefficients], config: FilterConfig | None = None) -> list[Coefficients]:
    """``faces`` one after the other at 25 fps."""
    state = initial_filter_state()
    result: list[Coefficients] = []
    for i, coefficients in enumerate(faces):
        smooth, state = filter_coefficients(
            replace(coefficients, captured_at=i / FPS), state, config
        )
        result.append(smooth)
    return result


def timed(faces: list[Coefficients]) -> list[Coefficients]:
    return [replace(c, captured_at=i / FPS) for i, c in enumerate(faces)]


def assert_near(one: Coefficients, two: Coefficients, tolerance: float) -> None:
    assert np.abs(one.expression - two.expression).max() <= tolerance
    assert angle_between(one.rotation, two.rotation) <= 60 * tolerance
    assert np.abs(one.translation - two.translation).max() <= tolerance
    assert one.scale == pytest.approx(two.scale, abs=tolerance)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_what_stands_still_stays_as_it_is(seed: int):
    still = random_face(seed)
    for smooth in filtered([still] * 10):
        assert_near(smooth, still, 1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_after_a_jump_the_new_face_is_reached(seed: int):
    start, end = random_face(seed), random_face(seed + 1)
    assert_near(filtered([start] + [end] * 100)[-1], end, 0.04)  # within the gaze's dead zone


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_rotations_stay_rotations(seed: int):
    for smooth in filtered([random_face(seed + i) for i in range(40)]):
        assert np.abs(smooth.rotation @ smooth.rotation.T - np.eye(3)).max() < 1e-5
        assert np.linalg.det(smooth.rotation) == pytest.approx(1, abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_a_mirrored_face_is_filtered_to_the_mirrored_result(seed: int):
    faces = [random_face(seed + i) for i in range(5)]
    for one, two in zip(filtered(faces), filtered([mirrored(f) for f in faces]), strict=True):
        assert_near(mirrored(one), two, 1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_the_future_does_not_change_the_past(seed: int):
    faces = [random_face(seed + i) for i in range(12)]
    for whole, part in zip(filtered(faces), filtered(faces[:7]), strict=False):
        assert np.array_equal(whole.expression, part.expression)
        assert np.array_equal(whole.rotation, part.rotation)


def test_jitter_of_a_still_head_shrinks_to_a_third():
    rng = np.random.default_rng(0)
    faces = [face(yaw=float(yaw)) for yaw in rng.normal(0, 0.15, 250)]  # degrees, as measured
    raw, smooth = (
        np.diff([euler_from_rotation(c.rotation)[0] for c in sequence]).std()
        for sequence in (faces, filtered(faces))
    )
    assert smooth < raw / 3


def test_a_quick_head_turn_lags_less_than_a_frame():
    yaws = np.clip((np.arange(50) - 10) * 4.0, 0, 60)  # 100 degrees a second
    smooth = [euler_from_rotation(c.rotation)[0] for c in filtered([face(yaw=y) for y in yaws])]
    assert np.abs(np.array(smooth) - yaws)[14:24].max() < 4.0


def test_a_blink_keeps_nine_tenths_of_its_depth():
    blink = [0.1] * 10 + [0.4, 0.7, 0.7, 0.3] + [0.1] * 10
    faces = [face(eyeBlinkLeft=b, eyeBlinkRight=b) for b in blink]
    assert max(score(c, "eyeBlinkLeft") for c in filtered(faces)) > 0.1 + 0.9 * 0.6


def test_the_gaze_rests_within_its_dead_zone_and_jumps_with_a_saccade():
    looks = [0.0] * 5 + [0.02] * 5 + [0.5]
    smooth = [score(c, "eyeLookInLeft") for c in filtered([face(eyeLookInLeft=x) for x in looks])]
    assert smooth[:10] == [0.0] * 10
    assert smooth[10] == pytest.approx(0.5)


def test_after_a_pause_the_next_frame_starts_afresh():
    state = initial_filter_state()
    _, state = filter_coefficients(face(jawOpen=1.0, at=0.0), state)
    later, _ = filter_coefficients(face(yaw=30, at=0.6), state)
    assert score(later, "jawOpen") == 0
    assert euler_from_rotation(later.rotation)[0] == pytest.approx(30, abs=1e-3)


def test_a_clock_that_goes_back_starts_afresh():
    _, state = filter_coefficients(face(jawOpen=1.0, at=5.0), initial_filter_state())
    earlier, _ = filter_coefficients(face(at=0.0), state)
    assert score(earlier, "jawOpen") == 0


def test_a_frame_without_a_face_changes_nothing():
    _, state = filter_coefficients(face(at=0.0), initial_filter_state())
    lost = replace(face(jawOpen=1.0, at=0.04), confidence=0.0)
    passed, after = filter_coefficients(lost, state)
    assert passed is lost
    assert after is state


def test_identity_confidence_and_time_pass_through():
    _, state = filter_coefficients(random_face(1, at=0.0), initial_filter_state())
    frame = replace(random_face(2, at=0.04), confidence=0.7)
    smooth, _ = filter_coefficients(frame, state)
    assert smooth.identity is frame.identity
    assert (smooth.confidence, smooth.captured_at) == (0.7, 0.04)


@pytest.mark.parametrize("name", FilterConfig.__slots__)
def test_every_setting_of_the_filter_changes_something(name: str):
    faces = [face(at=0), *(random_face(i // 3) for i in range(12))]
    faces += [face(eyeLookInLeft=x) for x in (0, 0, 0, 0.1, 0.02, 0.05)]
    faces = timed(faces)
    faces.append(replace(faces[-1], captured_at=faces[-1].captured_at + 0.3))
    faces.append(random_face(50, at=faces[-1].captured_at + 0.4))
    changed = {"gap_s": 0.35, "gaze_saccade": 0.1, "gaze_dead_zone": 0.1}.get(name, 0.05)
    results = []
    for config in (FilterConfig(), replace(FilterConfig(), **{name: changed})):
        state, result = initial_filter_state(), []
        for frame in faces:
            smooth, state = filter_coefficients(frame, state, config)
            result.append(np.r_[smooth.expression, smooth.rotation.ravel(), smooth.translation])
        results.append(np.array(result))
    assert np.abs(results[0] - results[1]).max() > 1e-4


def test_a_cutoff_of_zero_is_refused():
    with pytest.raises(ValueError, match="above 0 Hz"):
        FilterConfig(mouth_cutoff=0.0)
    with pytest.raises(ValueError, match="rotation_beta"):
        FilterConfig(rotation_beta=float("nan"))


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_smoothing_a_reversed_recording_gives_the_reversed_result(seed: int):
    frames = timed([random_face(seed + i) for i in range(10)])
    forwards = smooth_recording(frames)
    backwards = smooth_recording(timed(frames[::-1]))
    for one, two in zip(forwards, backwards[::-1], strict=True):
        assert_near(one, two, 1e-3)


def test_smoothing_does_not_lag():
    swing = np.sin(np.arange(100) / 100 * 8 * np.pi)
    frames = timed([face(yaw=20 * s, jawOpen=0.5 + 0.4 * s) for s in swing])
    smooth = smooth_recording(frames)
    for values in (
        [euler_from_rotation(c.rotation)[0] for c in smooth],
        [score(c, "jawOpen") for c in smooth],
    ):
        values = np.array(values) - np.mean(values)
        lags = [np.dot(np.roll(swing, lag), values) for lag in (-2, -1, 0, 1, 2)]
        assert int(np.argmax(lags)) == 2


def test_smoothing_keeps_times_and_lost_frames():
    frames = timed([face(), face(yaw=10), face()])
    frames[1] = replace(frames[1], confidence=0.0)
    smooth = smooth_recording(frames)
    assert [c.captured_at for c in smooth] == [c.captured_at for c in frames]
    assert [c.confidence for c in smooth] == [1.0, 0.0, 1.0]
    assert smooth_recording([]) == ()
