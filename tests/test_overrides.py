"""Pose and expression set by hand, and the options that say so."""

import argparse

import numpy as np
import pytest
from motion_samples import face, random_face, score

from pechead_live.cli.motion_options import (
    add_motion_arguments,
    add_override_arguments,
    motion_config_from,
    overrides_from,
)
from pechead_live.coefficients import euler_from_rotation
from pechead_live.errors import InputError
from pechead_live.motion import MotionConfig, Overrides, apply_overrides, parse_setting


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_motion_arguments(parser, mode="relative")
    return parser.parse_args(words)


def test_a_set_angle_replaces_the_heads_own_and_leaves_the_others():
    angles = euler_from_rotation(
        apply_overrides(face(yaw=-10, pitch=5, roll=3), Overrides(yaw=15.0)).rotation
    )
    assert np.allclose(angles, (15, 5, 3), atol=1e-3)


def test_a_set_expression_replaces_the_measured_one():
    avatar = apply_overrides(
        face(jawOpen=0.9, mouthPucker=0.2), Overrides(expressions={"jawOpen": 0.3})
    )
    assert score(avatar, "jawOpen") == pytest.approx(0.3)
    assert score(avatar, "mouthPucker") == pytest.approx(0.2)


def test_nothing_set_changes_nothing():
    coefficients = random_face(1)
    assert apply_overrides(coefficients, Overrides()) is coefficients


@pytest.mark.parametrize("angle", ["yaw", "pitch", "roll"])
@pytest.mark.parametrize("value", [81.0, -90.0, float("nan"), float("inf")])
def test_an_impossible_angle_is_refused(angle: str, value: float):
    with pytest.raises(InputError, match=angle):
        Overrides(**{angle: value})


def test_an_unknown_expression_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="jawOpen"):
        Overrides(expressions={"jawOpn": 0.3})
    with pytest.raises(InputError, match="mouthSmileLeft"):
        parse_setting("mouthSmileleft=0.3")


@pytest.mark.parametrize(
    "text", ["jawOpen", "jawOpen=", "jawOpen=wide", "jawOpen=1.1", "jawOpen=-1", "jawOpen=nan"]
)
def test_a_setting_needs_a_name_and_a_value_from_0_to_1(text: str):
    with pytest.raises(InputError, match="jawOpen=VALUE"):
        parse_setting(text)


def test_a_setting_is_read():
    assert parse_setting(" jawOpen = 0.25") == ("jawOpen", 0.25)


def test_options_become_settings_and_overrides():
    arguments = parsed(
        *("--motion", "absolute", "--gain", "mouth=1.2", "--gain", "yaw=0.5"),
        *("--look-at-camera", "--yaw", "-15", "--set", "jawOpen=0.3", "--set", "tongueOut=1"),
    )
    assert motion_config_from(arguments) == MotionConfig(
        mode="absolute", mouth=1.2, yaw=0.5, look_at_camera=True
    )
    assert overrides_from(arguments) == Overrides(
        yaw=-15.0, expressions={"jawOpen": 0.3, "tongueOut": 1.0}
    )


def test_without_options_the_commands_default_holds():
    assert motion_config_from(parsed()) == MotionConfig(mode="relative")
    assert overrides_from(parsed()).is_empty()


@pytest.mark.parametrize(
    ("gain", "reason"), [("nose=1", "nose"), ("yaw=", "yaw=FACTOR"), ("yaw=2", "from 0 to 1.5")]
)
def test_a_bad_gain_is_refused_with_the_reason(gain: str, reason: str):
    with pytest.raises(InputError, match=reason):
        motion_config_from(parsed("--gain", gain))


def test_a_command_may_have_the_overrides_alone():
    parser = argparse.ArgumentParser()
    add_override_arguments(parser)
    assert overrides_from(parser.parse_args(["--roll", "5"])) == Overrides(roll=5.0)
