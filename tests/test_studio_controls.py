"""The studio's controls: their JSON, what is refused, and what they do to a pose."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pechead_live.coefficients import Coefficients, euler_from_rotation
from pechead_live.errors import InputError
from pechead_live.motion import Offsets, apply_offsets
from pechead_live.studio.controls import Controls, changed, controls_as_json, size_of
from pechead_live.studio.presets import PRESETS

MODELS = ("analytic", "lite-s")
START = Controls(avatar="a" * 32)


def turned(patch: object, start: Controls = START) -> Controls:
    return changed(start, patch, models=MODELS)


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    after = turned({"gains": {"yaw": 0.5}, "pose": {"roll": 4}, "mirror": True})
    told, before = controls_as_json(after), controls_as_json(START)
    assert told["gains"] == before["gains"] | {"yaw": 0.5}
    assert told["pose"] == {"yaw": 0.0, "pitch": 0.0, "roll": 4.0}
    assert {k for k in told if told[k] != before[k]} == {"gains", "pose", "mirror"}


def test_expressions_are_taken_as_a_whole() -> None:
    one = turned({"expressions": {"jawOpen": 0.5, "mouthLeft": -0.25}})
    two = turned({"expressions": {"cheekPuff": 1}}, one)
    assert controls_as_json(two)["expressions"] == {"cheekPuff": 1.0}


def test_what_the_api_shows_can_be_sent_back() -> None:
    rich = turned(
        {
            "model": "lite-s",
            "engine": "onnxruntime:cpu",
            "size": "1280x720",
            "motion": "relative",
            "gains": {"mouth": 1.5},
            "look_at_camera": True,
            "pose": {"yaw": -12.5},
            "expressions": {"jawOpen": 0.25},
            "preset": "smile",
            "presence": "idle",
            "mirror": True,
            "background": "#0a1bff",
            "label": False,
            "sound": "off",
        }
    )
    assert turned(controls_as_json(rich)) == rich
    assert rich.background == (10, 27, 255)


@pytest.mark.parametrize(
    ("patch", "named"),
    [
        ([], "JSON object"),
        ({"colour": 1}, "no control 'colour'"),
        ({"model": "base"}, "no model 'base'"),
        ({"size": "9999x9999"}, "9999x9999"),
        ({"motion": "wild"}, "wild"),
        ({"gains": {"yaw": 2}}, "yaw is 2"),
        ({"gains": {"ears": 1}}, "ears"),
        ({"gains": {"yaw": float("nan")}}, "gains.yaw"),
        ({"gains": {"yaw": True}}, "gains.yaw"),
        ({"gains": 3}, "gains is 3"),
        ({"pose": {"yaw": 31}}, "31"),
        ({"pose": {"yaw": "left"}}, "left"),
        ({"expressions": {"earWiggle": 1}}, "earWiggle"),
        ({"expressions": {"jawOpen": -1.5}}, "jawOpen"),
        ({"preset": "rage"}, "rage"),
        ({"presence": "away"}, "away"),
        ({"mirror": 1}, "mirror is 1"),
        ({"background": "red"}, "red"),
        ({"background": "#12345g"}, "#12345g"),
        ({"label": None}, "label"),
        ({"sound": "loud"}, "loud"),
        ({"avatar": ""}, "avatar"),
        ({"engine": 7}, "engine"),
    ],
)
def test_what_cannot_be_is_refused_by_name(patch: object, named: str) -> None:
    with pytest.raises(InputError, match=named.replace("#", "\\#")):
        turned(patch)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(controls_as_json(START))) | st.text(), JSON))
def test_any_json_is_taken_or_refused(patch: dict[str, Any]) -> None:
    try:
        after = turned(patch)
    except InputError:
        return
    assert turned(controls_as_json(after)) == after


def test_sizes_have_even_sides() -> None:
    assert size_of("512") == (512, 512) and size_of("1280x720") == (1280, 720)


def test_offsets_turn_the_head_and_add_to_expressions() -> None:
    start = Coefficients().with_expressions({"jawOpen": 0.9, "mouthLeft": 0.1})
    offsets = Offsets(yaw=10, pitch=-5, expressions={"jawOpen": 0.5, "mouthLeft": -0.5})
    moved = apply_offsets(start, offsets)
    assert euler_from_rotation(moved.rotation) == pytest.approx((10, -5, 0), abs=1e-3)
    assert moved.with_expressions({}).expression.max() == 1.0
    assert moved.expression[np.flatnonzero(start.expression)].tolist().count(0.0) == 1
    assert apply_offsets(start, Offsets()) is start


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_and_the_sliders_add_up_within_bounds(preset: Any) -> None:
    controls = turned(
        {"preset": preset.name, "expressions": dict.fromkeys(preset.expressions, 0.9)}
    )
    total = controls.all_offsets.expressions
    assert set(total) == set(preset.expressions)
    assert all(value == min(1.0, 0.9 + preset.expressions[name]) for name, value in total.items())
    assert preset.key in "123456789"
