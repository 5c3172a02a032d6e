"""Closed lips and eyes: openings by hand, and whether the result's agree with the driver's."""

import math

import numpy as np
import pytest

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.closures import (
    Agreement,
    eye_agreement,
    lip_agreement,
    measured_openings,
    open_eyes_of,
)
from pechead_live.facemodel.topology import (
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    LOWER_INNER_LIP,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_LID,
    UPPER_INNER_LIP,
)

GONE = None


def face(lips: float = 0.0, eyes: float = 0.3, roll_deg: float = 0.0) -> FloatArray:
    """(478, 2) with rectangular openings: ``lips`` and ``eyes`` are height over width."""
    points = np.zeros((478, 2), np.float32)
    places = (
        (UPPER_INNER_LIP, LOWER_INNER_LIP, -0.2, 0.2, 0.4, lips),
        (RIGHT_UPPER_LID, RIGHT_LOWER_LID, -0.4, -0.15, -0.2, eyes),
        (LEFT_UPPER_LID, LEFT_LOWER_LID, 0.4, 0.15, -0.2, eyes),
    )
    for upper, lower, start, end, level, ratio in places:
        points[list(upper), 0] = points[list(lower), 0] = np.linspace(start, end, len(upper))
        gap = np.full(len(upper), ratio * abs(end - start))
        gap[[0, -1]] = 0
        points[list(upper), 1], points[list(lower), 1] = level - gap / 2, level + gap / 2
    angle = math.radians(roll_deg)
    turn = ((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle)))
    return points @ np.array(turn, np.float32) * 0.7 + np.float32(0.1)


def test_openings_are_gap_over_width_whatever_the_size_and_tilt() -> None:
    for roll in (0, 30, -60):
        measured = measured_openings([face(lips=0.25, eyes=0.3, roll_deg=roll)])
        assert measured.lips == pytest.approx([0.25], abs=1e-4)
        assert measured.eyes[0] == pytest.approx([0.3, 0.3], abs=1e-4)


def test_lips_are_counted_frame_by_frame() -> None:
    driving = measured_openings([face(lips=x) for x in (0, 0, 0.2, 0.2, 0.01)])
    generated = measured_openings([face(lips=x) for x in (0, 0.2, 0.3, 0, 0.02)])
    found = lip_agreement(driving, generated)
    assert found == Agreement(closed=3, closed_too=2, open=2, open_too=1)
    assert found.closed_share == pytest.approx(2 / 3)
    assert found.open_share == pytest.approx(1 / 2)


def test_eyes_are_judged_by_how_far_the_same_face_opens_them() -> None:
    # the portrait's eyes are narrow: open they measure what the driver's measure half shut
    driving = measured_openings([face(eyes=x) for x in (*[0.3] * 8, 0.05, 0.18)])
    generated = measured_openings([face(eyes=x) for x in (*[0.15] * 8, 0.03, 0.08)])
    assert open_eyes_of(generated) == pytest.approx([0.15, 0.15], abs=1e-4)
    assert eye_agreement(driving, generated) == Agreement(1, 1, 9, 9)


def test_a_result_that_never_blinks_keeps_no_closure_and_every_opening() -> None:
    driving = measured_openings([face(eyes=x) for x in (*[0.3] * 8, 0.02, 0.02)])
    generated = measured_openings([face()] * 10)
    found = eye_agreement(driving, generated)
    assert (found.closed_share, found.open_share) == (0, 1)


def test_a_result_that_never_opens_its_eyes_is_told_by_the_portrait_s() -> None:
    driving = measured_openings([face(eyes=x) for x in (*[0.3] * 8, 0.02, 0.02)])
    generated = measured_openings([face(eyes=0.02)] * 10)
    open_eyes = np.full(2, 0.3, np.float32)
    found = eye_agreement(driving, generated, (open_eyes, open_eyes))
    assert (found.closed_share, found.open_share) == (1, 0)


def test_frames_without_a_face_are_left_out() -> None:
    driving = measured_openings([face(), GONE, face(), face(lips=0.3)])
    generated = measured_openings([face(), face(), GONE, face(lips=0.3)])
    assert lip_agreement(driving, generated) == Agreement(1, 1, 1, 1)


def test_a_clip_that_never_closes_has_no_share() -> None:
    openings = measured_openings([face(lips=0.3)])
    assert math.isnan(lip_agreement(openings, openings).closed_share)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        measured_openings([])
    with pytest.raises(InputError, match="478"):
        measured_openings([np.zeros((68, 2), np.float32)])
    with pytest.raises(InputError, match="1 driving frames and 2"):
        lip_agreement(measured_openings([face()]), measured_openings([face()] * 2))
    with pytest.raises(InputError, match="no frame has a face"):
        open_eyes_of(measured_openings([GONE]))
