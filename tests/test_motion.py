"""Retargeting: the driver's coefficients to the avatar's."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_samples import face, mirrored, random_face, score, seeds

from pechead_live.coefficients import Coefficients, euler_from_rotation, rotation_from_euler
from pechead_live.errors import InputError, NoFaceError
from pechead_live.motion import (
    MotionConfig,
    find_anchor,
    initial_motion_state,
    request_calibration,
    retarget,
)
from pechead_live.motion.config import GAINS
from pechead_live.motion.limits import soft_limit
from pechead_live.rotation import angle_between

ABSOLUTE = MotionConfig(mode="absolute")
RELATIVE = MotionConfig(mode="relative")
CALIBRATED = MotionConfig(mode="calibrated")

modes = st.sampled_from(["absolute", "relative", "calibrated"])


def driven(
    drivers: list[Coefficients], rest: Coefficients, config: MotionConfig, *, fps: float = 25.0
) -> list[Coefficients]:
    """The avatar for one driver after the other."""
    state = initial_motion_state()
    result: list[Coefficients] = []
    for i, driver in enumerate(drivers):
        avatar, state = retarget(replace(driver, captured_at=i / fps), rest, state, config)
        result.append(avatar)
    return result


def angles(coefficients: Coefficients) -> tuple[float, float, float]:
    return euler_from_rotation(coefficients.rotation)


def assert_same_face(one: Coefficients, two: Coefficients, tolerance: float = 1e-5) -> None:
    assert np.abs(one.expression - two.expression).max() <= tolerance
    assert angle_between(one.rotation, two.rotation) <= 0.01
    assert np.abs(one.translation - two.translation).max() <= tolerance
    assert one.scale == pytest.approx(two.scale, rel=1e-4)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_absolute_motion_is_the_driver_bit_for_bit_with_the_portraits_identity(seed: int):
    driver, rest = random_face(seed, at=3.0), random_face(seed + 1)
    avatar, _ = retarget(driver, rest, initial_motion_state(), ABSOLUTE)
    for name in ("expression", "rotation", "translation"):
        assert np.array_equal(getattr(avatar, name), getattr(driver, name))
    assert (avatar.scale, avatar.captured_at) == (driver.scale, 3.0)
    assert np.array_equal(avatar.identity, rest.identity)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_relative_motion_of_a_driver_at_its_anchor_is_the_portrait_at_rest(seed: int):
    driver, rest = random_face(seed), random_face(seed + 1)
    for avatar in driven([driver] * 4, rest, RELATIVE):
        assert_same_face(avatar, rest)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_calibrated_motion_of_a_neutral_driver_keeps_pose_and_brows_and_rests_the_mouth(seed: int):
    driver, rest = random_face(seed), random_face(seed + 1)
    avatar = driven([driver] * 40, rest, CALIBRATED)[-1]
    assert angle_between(avatar.rotation, rest.rotation) < 0.01
    assert np.allclose(avatar.translation, rest.translation, atol=1e-5)
    for name in ("browInnerUp", "cheekSquintLeft", "noseSneerRight"):
        assert score(avatar, name) == pytest.approx(score(rest, name), abs=1e-6)
    for name in ("mouthSmileLeft", "jawOpen", "eyeLookInLeft"):
        assert score(avatar, name) == 0


@settings(max_examples=25, deadline=None)
@given(seed=seeds, mode=modes)
def test_a_mirrored_driver_gives_the_mirrored_avatar(seed: int, mode: str):
    config = MotionConfig(mode=mode)  # type: ignore[arg-type]
    drivers, rest = [random_face(seed + i) for i in range(4)], random_face(seed + 9)
    for one, two in zip(
        driven(drivers, rest, config),
        driven([mirrored(driver) for driver in drivers], mirrored(rest), config),
        strict=True,
    ):
        assert_same_face(mirrored(one), two, 1e-4)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, mode=modes)
def test_the_avatar_is_always_a_possible_face(seed: int, mode: str):
    config = MotionConfig(mode=mode, mouth=1.5, brows=1.5, eyes=1.5, yaw=1.5)  # type: ignore[arg-type]
    for avatar in driven([random_face(seed + i) for i in range(6)], random_face(seed + 9), config):
        assert avatar.is_finite()
        assert avatar.expression.min() >= 0
        assert avatar.expression.max() <= 1
        assert np.abs(avatar.rotation @ avatar.rotation.T - np.eye(3)).max() < 1e-4
        assert avatar.expression.dtype == avatar.rotation.dtype == np.float32


def test_a_turned_portrait_turns_on_from_its_own_pose():
    rest = face(yaw=15, pitch=-5)
    avatar = driven([face(yaw=-10), face(yaw=0)], rest, RELATIVE)[1]
    assert angles(avatar)[0] == pytest.approx(25, abs=0.5)


def test_moving_nearer_scales_the_avatar_by_the_same_factor_and_sideways_by_its_own_size():
    avatar = driven([face(scale=0.5), face(scale=0.55, x=0.1)], face(scale=0.3), RELATIVE)[1]
    assert avatar.scale == pytest.approx(0.33)
    assert avatar.translation[0] == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("gain", "expected"), [(0.0, (0, 0, 0)), (0.5, (6, -3, 4)), (1.5, (18, -9, 12))]
)
def test_gains_scale_the_head_angles(gain: float, expected: tuple[float, float, float]):
    config = replace(RELATIVE, yaw=gain, pitch=gain, roll=gain)
    avatar = driven([face(), face(yaw=12, pitch=-6, roll=8)], face(), config)[1]
    assert np.allclose(angles(avatar), expected, atol=1e-3)


@pytest.mark.parametrize("name", GAINS)
@pytest.mark.parametrize("mode", ["absolute", "relative", "calibrated"])
def test_every_gain_acts_in_every_mode_and_at_zero_leaves_the_portrait(mode: str, name: str):
    config = MotionConfig(mode=mode, close_lips=False)  # type: ignore[arg-type]
    rest, neutral = face(), face()
    driver = face(
        yaw=10,
        pitch=10,
        roll=10,
        x=0.1,
        browInnerUp=0.4,
        eyeBlinkLeft=0.4,
        eyeBlinkRight=0.4,
        eyeLookUpLeft=0.4,
        jawOpen=0.4,
    )
    seen = {
        "yaw": lambda c: angles(c)[0],
        "pitch": lambda c: angles(c)[1],
        "roll": lambda c: angles(c)[2],
        "position": lambda c: float(c.translation[0]),
        "brows": lambda c: score(c, "browInnerUp"),
        "eyes": lambda c: score(c, "eyeBlinkLeft"),
        "gaze": lambda c: score(c, "eyeLookUpLeft"),
        "mouth": lambda c: score(c, "jawOpen"),
    }[name]
    none, half, full = (
        seen(driven([neutral] * 30 + [driver], rest, replace(config, **{name: gain}))[-1])
        for gain in (0.0, 0.5, 1.0)
    )
    assert none == pytest.approx(0, abs=0.01)
    assert full > 0.05
    assert half == pytest.approx(full / 2, rel=0.05)


def test_the_head_never_passes_its_limits_in_relative_motion():
    avatar = driven([face(), face(yaw=80, pitch=-60, roll=70, x=0.9, scale=1.2)], face(), RELATIVE)
    yaw, pitch, roll = angles(avatar[1])
    assert 33 < yaw <= 35
    assert -25 <= pitch < -23
    assert 28 < roll <= 30
    assert avatar[1].translation[0] <= 0.8 * 0.4
    assert avatar[1].scale <= 1.4 * 0.4


def test_limits_hold_in_absolute_motion_only_when_asked():
    for limited, expected in ((False, 60.0), (True, 34.9)):
        config = replace(ABSOLUTE, limit_absolute=limited)
        avatar = driven([face(yaw=60)], face(), config)[0]
        assert angles(avatar)[0] == pytest.approx(expected, abs=0.3)


@given(st.floats(-1e3, 1e3), st.floats(0.1, 100))
def test_soft_limits_are_exact_near_zero_odd_and_never_passed(value: float, limit: float):
    limited = soft_limit(value, limit)
    assert abs(limited) <= min(abs(value), limit) + 1e-9
    assert soft_limit(-value, limit) == -limited
    if abs(value) <= 0.6 * limit:
        assert limited == value


def test_soft_limits_grow_smoothly():
    values = np.array([soft_limit(v, 35.0) for v in np.linspace(0, 60, 601)])
    slopes = np.diff(values) / 0.1
    assert slopes.min() > 0
    assert np.abs(np.diff(slopes)).max() < 0.02


def test_a_blink_in_the_calibration_does_not_become_the_neutral_face():
    neutral, blink = (
        face(eyeBlinkLeft=0.1, eyeBlinkRight=0.1),
        face(eyeBlinkLeft=0.7, eyeBlinkRight=0.7, yaw=2),
    )
    drivers = [neutral] * 10 + [blink] * 4 + [neutral] * 20
    avatar = driven(drivers, face(), CALIBRATED)[-1]
    assert score(avatar, "eyeBlinkLeft") == pytest.approx(0, abs=1e-6)
    assert angles(avatar)[0] == pytest.approx(0, abs=0.01)


def test_calibrating_makes_a_crooked_seat_the_new_rest():
    rest, crooked = face(), face(yaw=12, browInnerUp=0.3)
    state, avatar = initial_motion_state(), rest
    config = CALIBRATED
    for i in range(100):
        driver = replace(face() if i < 30 else crooked, captured_at=i / 25)
        if i == 40:
            state = request_calibration(state)
        avatar, state = retarget(driver, rest, state, config)
        if 30 <= i < 60:
            assert angles(avatar)[0] == pytest.approx(12, abs=0.01)  # the old anchor still holds
    assert angles(avatar)[0] == pytest.approx(0, abs=0.05)
    assert score(avatar, "browInnerUp") == pytest.approx(0, abs=1e-3)


def test_a_new_calibration_moves_the_head_without_a_jump():
    state = initial_motion_state(face())
    state = request_calibration(state)
    yaws = []
    for i in range(60):
        avatar, state = retarget(face(yaw=15, at=i / 25), face(), state, CALIBRATED)
        yaws.append(angles(avatar)[0])
    assert yaws[0] == pytest.approx(15, abs=0.01)
    assert yaws[-1] == pytest.approx(0, abs=0.1)
    assert np.abs(np.diff(yaws)).max() < 5


def test_an_anchor_can_be_given():
    state = initial_motion_state(face(yaw=10))
    avatar, _ = retarget(face(yaw=10), face(yaw=-5), state, RELATIVE)
    assert angles(avatar)[0] == pytest.approx(-5, abs=0.01)


def test_a_lost_face_gives_the_portrait_at_rest_and_is_not_remembered():
    state = initial_motion_state()
    lost = replace(face(yaw=20, at=1.0), confidence=0.0)
    avatar, after = retarget(lost, face(), state, RELATIVE)
    assert after is state
    assert (angles(avatar)[0], avatar.confidence, avatar.captured_at) == (0, 0, 1.0)


def test_a_gaze_that_was_off_at_the_anchor_can_come_back():
    drivers = [face(eyeLookInLeft=0.2), face()]
    avatar = driven(drivers, face(), RELATIVE)[1]
    assert score(avatar, "eyeLookOutLeft") == pytest.approx(0.2)
    assert score(avatar, "eyeLookInLeft") == 0


def test_the_eyes_can_be_made_to_look_at_the_camera():
    driver = face(eyeLookInLeft=0.5, eyeLookUpRight=0.4, jawOpen=0.5)
    avatar = driven([driver], face(), replace(ABSOLUTE, look_at_camera=True))[0]
    assert (score(avatar, "eyeLookInLeft"), score(avatar, "eyeLookUpRight")) == (0, 0)
    assert score(avatar, "jawOpen") == 0.5


def test_a_smiling_portrait_stops_smiling_with_a_calibrated_driver_and_goes_on_with_a_relative():
    smile = face(mouthSmileLeft=0.8, mouthSmileRight=0.8)
    drivers = [face()] * 30
    assert score(driven(drivers, smile, CALIBRATED)[-1], "mouthSmileLeft") == 0
    assert score(driven(drivers, smile, RELATIVE)[-1], "mouthSmileLeft") == pytest.approx(0.8)


@pytest.mark.parametrize("setting", ["limit_absolute", "natural_lids", "close_lips"])
def test_every_switch_changes_something(setting: str):
    mode = "absolute" if setting == "limit_absolute" else "relative"
    config = MotionConfig(mode=mode)  # type: ignore[arg-type]
    drivers = [face(), face(yaw=60, eyeBlinkLeft=0.6, eyeBlinkRight=0.6, jawOpen=0.01)]
    other = replace(config, **{setting: not getattr(config, setting)})
    one, two = (driven(drivers, face(), c)[1] for c in (config, other))
    assert (
        np.abs(one.expression - two.expression).max() + angle_between(one.rotation, two.rotation)
        > 1e-3
    )


def test_the_calibration_takes_as_long_as_it_is_told():
    drivers = [face()] * 5 + [face(yaw=10)] * 60
    short = driven(drivers, face(), replace(CALIBRATED, calibration_s=0.1))[-1]
    long = driven(drivers, face(), replace(CALIBRATED, calibration_s=2.0))[-1]
    assert angles(short)[0] == pytest.approx(10, abs=0.1)
    assert angles(long)[0] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    "bad",
    [
        {"mode": "wild"},
        {"yaw": -0.1},
        {"mouth": 1.6},
        {"gaze": float("nan")},
        {"roll_limit": 0.0},
        {"scale_limit": 1.0},
        {"calibration_s": -1.0},
    ],
)
def test_settings_out_of_range_are_refused_by_name(bad: dict[str, float]):
    with pytest.raises(InputError, match="|".join([*bad, "motion"])):
        MotionConfig(**bad)  # type: ignore[arg-type]


def test_the_anchor_of_a_recording_is_the_frame_most_like_the_portrait():
    rest = face(yaw=10, mouthSmileLeft=0.5, mouthSmileRight=0.5)
    frames = [
        face(mouthSmileLeft=0.5, mouthSmileRight=0.5),
        face(yaw=10),
        replace(rest, confidence=0.0),
        face(yaw=9, mouthSmileLeft=0.45, mouthSmileRight=0.5, x=0.5, eyeLookUpLeft=1.0),
        face(yaw=-10),
    ]
    assert find_anchor(frames, rest) == 3


def test_a_recording_without_a_face_has_no_anchor():
    with pytest.raises(NoFaceError):
        find_anchor([replace(face(), confidence=0.0)], face())


def test_rotations_of_the_anchor_stay_rotations_over_ten_minutes():
    state = initial_motion_state()
    for i in range(3000):
        _, state = retarget(face(yaw=10, at=i / 5), face(), state, RELATIVE)
    assert np.abs(state.anchor.rotation @ state.anchor.rotation.T - np.eye(3)).max() < 1e-5
    assert np.allclose(state.anchor.rotation, rotation_from_euler(10, 0, 0), atol=1e-4)
