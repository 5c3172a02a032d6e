"""Motion metrics against values computed by hand, and the regions they are split by."""

import math

import numpy as np
import pytest

from pechead_live.coefficients import FloatArray, rotation_from_euler
from pechead_live.evaluation.metrics.motion import akd, ard, jitter, jitter_ratio
from pechead_live.evaluation.metrics.regions import REGIONS, region_mask
from pechead_live.facemodel.model import load_face_model, project


def swinging(frames: int = 9, amplitude: float = 1.0) -> FloatArray:
    """(T, 4, 2) points that jump sideways by ``amplitude`` every other frame."""
    points = np.zeros((frames, 4, 2), np.float32)
    points[1::2, :, 0] = amplitude
    return points


def face_points() -> FloatArray:
    """(478, 2) the mean face, upright in the middle of the picture."""
    rest = load_face_model()
    return project(rest.mean, np.eye(3, dtype=np.float32), np.zeros(2, np.float32), 0.4)


def test_akd_is_the_mean_over_points_and_axes_not_the_length() -> None:
    driving = np.zeros((2, 2), np.float32)
    generated = np.array([[3, 4], [0, 0]], np.float32)
    assert akd(driving, generated) == pytest.approx(7 / 4)
    assert akd(driving, driving) == 0


def test_points_that_do_not_correspond_are_refused() -> None:
    with pytest.raises(ValueError, match="same points"):
        akd(np.zeros((68, 2), np.float32), np.zeros((1, 2), np.float32))


def test_ard_is_the_mean_of_the_three_angles_in_degrees() -> None:
    driving = rotation_from_euler(10, 5, -3)
    assert ard(driving, rotation_from_euler(13, 5, -3)) == pytest.approx(1.0, abs=1e-3)
    assert ard(driving, rotation_from_euler(9, 8, 2)) == pytest.approx(3.0, abs=1e-3)
    assert ard(driving, driving) == pytest.approx(0.0, abs=1e-5)


def test_ard_goes_the_short_way_around() -> None:
    assert ard(rotation_from_euler(0, 0, 179), rotation_from_euler(0, 0, -178)) == pytest.approx(
        1.0, abs=1e-3
    )


def test_a_steady_motion_has_no_jitter_however_fast() -> None:
    steady = np.arange(6, dtype=np.float32)[:, None, None] * np.ones((1, 3, 2), np.float32) * 5
    assert jitter(steady) == pytest.approx(0.0)


def test_jitter_is_the_length_of_the_second_difference() -> None:
    assert jitter(swinging()) == pytest.approx(2.0)
    assert jitter(swinging(amplitude=3.0)) == pytest.approx(6.0)


def test_two_frames_have_no_jitter_to_speak_of() -> None:
    assert math.isnan(jitter(swinging(frames=2)))


def test_a_frame_without_a_face_leaves_out_its_triples_only() -> None:
    points = swinging()
    points[4] = np.nan
    assert jitter(points) == pytest.approx(2.0)
    points[1] = np.nan
    points[7] = np.nan
    assert math.isnan(jitter(points))


def test_the_ratio_says_how_many_times_as_restless_the_result_is() -> None:
    assert jitter_ratio(swinging(), swinging(amplitude=2.5)) == pytest.approx(2.5)
    assert jitter_ratio(swinging(), np.zeros((9, 4, 2), np.float32)) == 0.0


def test_the_ratio_compares_the_frames_that_both_have() -> None:
    driving, generated = swinging(), swinging(amplitude=2.0)
    driving[8] += 100  # a jump of the driver where the result was not found
    generated[8] = np.nan
    assert jitter_ratio(driving, generated) == pytest.approx(2.0)


def test_a_driver_that_never_moves_gives_no_ratio() -> None:
    assert math.isnan(jitter_ratio(np.zeros((5, 4, 2), np.float32), swinging(5)))


def test_mouth_and_eyes_lie_apart_within_the_face() -> None:
    points = face_points()
    masks = {name: region_mask(points, name, 256, 256) for name in REGIONS}
    face, mouth, eyes = masks["face"], masks["mouth"], masks["eyes"]
    assert not (mouth & ~face).any()
    assert not (eyes & ~face).any()
    assert not (mouth & eyes).any()
    assert mouth.any(axis=1).argmax() > eyes.any(axis=1).argmax()
    between_the_eyes = (eyes.any(axis=0).argmax() + 256 - eyes[:, ::-1].any(axis=0).argmax()) // 2
    assert not eyes[:, between_the_eyes].any()
    assert 0.02 < mouth.sum() / face.sum() < 0.25


def test_a_region_follows_the_face_and_is_cut_at_the_picture_s_edge() -> None:
    points = face_points()
    there = region_mask(points + np.float32(0.2), "mouth", 256, 256)
    rows, columns = np.nonzero(region_mask(points, "mouth", 256, 256))
    moved_rows, moved_columns = np.nonzero(there)
    assert moved_rows.mean() - rows.mean() == pytest.approx(0.2 * 127.5, abs=1)
    assert moved_columns.mean() - columns.mean() == pytest.approx(0.2 * 127.5, abs=1)
    assert not region_mask(points - np.float32(5), "mouth", 256, 256).any()
    half_out = points.copy()
    half_out[:, 0] -= points[61, 0] + 1.1
    cut = region_mask(half_out, "mouth", 256, 256)
    assert cut[:, 0].any()
    assert 0 < cut.sum() < region_mask(points, "mouth", 256, 256).sum()
