"""AUH: the table of units, thresholds from the driver, and counts by hand."""

import numpy as np
import pytest

from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.action_units import (
    RISE,
    UNITS,
    active_units,
    auh,
    differing_units,
    unit_strengths,
    unit_thresholds,
)
from pechead_live.expressions import EXPRESSION_INDEX, EXPRESSION_NAMES, mirror_name

UNIT = {name.split()[0]: i for i, name in enumerate(UNITS)}


def clip(frames: int = 5, **expressions: list[float] | float) -> np.ndarray:
    """(frames, 52) at rest but for the named expressions."""
    table = np.zeros((frames, len(EXPRESSION_NAMES)), np.float32)
    for name, values in expressions.items():
        table[:, EXPRESSION_INDEX[name]] = values
    return table


def test_there_are_twenty_units_of_known_expressions_and_a_mirror_keeps_each() -> None:
    assert len(UNITS) == len(UNIT) == 20
    for names in UNITS.values():
        assert set(names) <= set(EXPRESSION_NAMES)
        assert {mirror_name(name) for name in names} == set(names)


def test_one_side_is_enough_for_a_unit() -> None:
    strengths = unit_strengths(clip(3, mouthSmileLeft=0.4))
    assert strengths[0, UNIT["AU12"]] == pytest.approx(0.4)
    assert np.count_nonzero(strengths[0]) == 1


def test_lips_closed_over_an_open_jaw_are_not_parted() -> None:
    strengths = unit_strengths(clip(3, jawOpen=0.6, mouthClose=0.6))
    assert strengths[0, UNIT["AU26"]] == pytest.approx(0.6)
    assert strengths[0, UNIT["AU25"]] == 0


def test_the_threshold_is_a_tenth_above_the_driver_s_median() -> None:
    driving = clip(5, browInnerUp=[0.2, 0.3, 0.3, 0.35, 0.9])
    thresholds = unit_thresholds(driving)
    assert thresholds[UNIT["AU1"]] == pytest.approx(0.3 + RISE)
    assert thresholds[UNIT["AU45"]] == pytest.approx(RISE)
    assert active_units(driving, thresholds)[:, UNIT["AU1"]].tolist() == [False] * 4 + [True]


def test_auh_counts_differing_units_over_frames_and_units() -> None:
    driving = clip(5, browInnerUp=[0, 0, 0, 0.5, 0.5], eyeBlinkLeft=[0, 0, 0, 0, 0.9])
    generated = clip(5, browInnerUp=[0, 0, 0, 0, 0.5], eyeBlinkLeft=[0, 0.9, 0, 0, 0])
    by_unit = differing_units(driving, generated)
    assert by_unit[UNIT["AU1"]] == pytest.approx(1 / 5)
    assert by_unit[UNIT["AU45"]] == pytest.approx(2 / 5)
    assert auh(driving, generated) == pytest.approx(3 / (5 * 20))
    assert auh(driving, driving) == 0


def test_a_frozen_face_differs_more_than_one_that_follows_weakly() -> None:
    open_jaw = [0, 0.5, 0, 0.9, 0]
    driving = clip(5, jawOpen=open_jaw)
    weak, frozen = clip(5, jawOpen=[x * 0.15 for x in open_jaw]), clip(5)
    assert auh(driving, driving) < auh(driving, weak) < auh(driving, frozen)


def test_frames_without_a_face_are_left_out_on_both_sides() -> None:
    driving, generated = clip(5, jawOpen=[0, 0, 0.5, 0.5, 0]), clip(5, jawOpen=[0, 0, 0.5, 0, 0])
    generated[3] = np.nan
    assert auh(driving, generated) == 0
    driving[3] = np.nan
    assert auh(driving, generated) == 0


def test_a_single_frame_needs_given_thresholds() -> None:
    smile = clip(1, mouthSmileLeft=0.8, mouthSmileRight=0.8)
    with pytest.raises(InputError, match="at least 3"):
        auh(smile, clip(1))
    given = np.full(20, 0.3, np.float32)
    assert auh(smile, clip(1), given) == pytest.approx(1 / 20)


def test_clips_that_do_not_correspond_are_refused() -> None:
    with pytest.raises(InputError, match="same frames"):
        auh(clip(5), clip(4))
    with pytest.raises(InputError, match="52"):
        auh(np.zeros((5, 20), np.float32), np.zeros((5, 20), np.float32))
    with pytest.raises(InputError, match="no frame has a face"):
        auh(clip(5), np.full_like(clip(5), np.nan))
