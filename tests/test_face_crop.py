"""The crop that the Reconstructor sees: the same at run time as in training, pixel for pixel."""

import numpy as np
import pytest
import torch
from motion_samples import face

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.condition import condition_of
from pechead_live.facemodel.face_crop import (
    FaceCrop,
    crop_around,
    into_picture,
    points_into_picture,
    to_pixels_of,
)
from pechead_live.facemodel.model import load_face_model, points_of
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.frame import Pixels
from pechead_live.tracker.crop_pixels import cut
from pechead_live.training.losses.equivariance import (
    SPLINE_SIDE,
    Transform,
    transform_condition,
    transform_picture,
)
from pechead_live.training.recipes.face_crops import place_crops

CROPS = [
    FaceCrop(np.array([0.1, -0.2], np.float32), 0.6, 0.0),
    FaceCrop(np.array([-0.3, 0.15], np.float32), 0.5, 0.4),
    FaceCrop(np.array([0.5, 0.6], np.float32), 0.9, -0.8),  # beyond the border
]


def landmarks_of(coefficients: Coefficients) -> FloatArray:
    return points_of(load_face_model(), coefficients)[list(NETWORK_LANDMARKS)]


def as_transform(crop: FaceCrop) -> Transform:
    """The same crop as training has it."""
    return Transform(
        torch.tensor([crop.roll]),
        torch.tensor([crop.half]).log(),
        torch.tensor(crop.centre)[None],
        torch.zeros(1, SPLINE_SIDE**2),
    )


def smooth_picture(height: int, width: int) -> Pixels:
    """Waves longer than a few pixels: what is between two pixels is what one expects."""
    row, column = np.mgrid[:height, :width]
    half = (min(height, width) - 1) / 2
    x, y = (column - (width - 1) / 2) / half, (row - (height - 1) / 2) / half
    waves = [np.sin(4.5 * x + 2 * y), np.cos(3.5 * y), np.sin(3 * (x + y))]
    return np.round(127.5 + 120 * np.stack(waves, axis=-1)).astype(np.uint8)


@pytest.mark.parametrize("crop", CROPS)
def test_it_is_cut_as_in_training(crop: FaceCrop):
    pixels = smooth_picture(96, 96)
    trained_on = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    expected = transform_picture(as_transform(crop), trained_on, (64, 64), "border")
    found = cut(pixels, crop, 64).astype(float)
    assert found == pytest.approx(expected[0].permute(1, 2, 0).numpy(), abs=1.6)


@pytest.mark.parametrize(("crop", "most"), list(zip(CROPS, (1, 1, 2), strict=True)))
def test_a_picture_four_times_as_fine_gives_the_same_crop(crop: FaceCrop, most: float):
    coarse, fine = (cut(smooth_picture(n, n + n // 3), crop, 48) for n in (96, 384))
    difference = np.abs(coarse.astype(float) - fine.astype(float))
    assert difference.mean() < most  # beyond the border it is the border's own pixels that go on


def test_what_is_finer_than_the_crop_is_averaged_not_picked():
    stripes = np.zeros((480, 480, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = FaceCrop(np.zeros(2, np.float32), 0.9, 0.0)
    assert np.ptp(cut(stripes, crop, 64)) <= 2


@pytest.mark.parametrize("crop", CROPS)
def test_coefficients_and_points_come_back_into_the_picture(crop: FaceCrop):
    there = face(yaw=20, pitch=-5, roll=15, x=0.2, y=-0.1, scale=0.4, jawOpen=0.5)
    moved = transform_condition(as_transform(crop), torch.tensor(condition_of(there))[None])[0]
    columns = moved[:6].numpy().reshape(2, 3).T
    in_crop = Coefficients(
        expression=there.expression,
        rotation=np.column_stack([columns, np.cross(columns[:, 0], columns[:, 1])]),
        translation=moved[6:8].numpy(),
        scale=float(moved[8].exp()),
    )
    back = into_picture(in_crop, crop)
    assert back.rotation == pytest.approx(there.rotation, abs=1e-5)
    assert back.translation == pytest.approx(there.translation, abs=1e-5)
    assert back.scale == pytest.approx(there.scale, rel=1e-5)
    points = points_into_picture(landmarks_of(in_crop), crop)
    assert points == pytest.approx(landmarks_of(there), abs=1e-5)


def test_an_upright_face_is_cut_where_training_cuts_it():
    marks = landmarks_of(face(yaw=15, x=0.2, y=-0.1, scale=0.35))
    crop = crop_around(marks, 0.0)
    transform, _ = place_crops(torch.from_numpy(marks)[None], jitter=0.0, absent=0.0)
    assert crop.half == pytest.approx(float(transform.log_scale.exp()), rel=1e-5)
    assert crop.centre == pytest.approx(transform.shift[0].numpy(), abs=1e-6)


def test_a_rolled_face_stands_upright_in_its_crop():
    upright, rolled = face(scale=0.3), face(roll=35, scale=0.3)
    crop = crop_around(landmarks_of(rolled), np.radians(35))
    assert crop.half == pytest.approx(crop_around(landmarks_of(upright), 0.0).half, rel=1e-4)
    back = into_picture(face(y=0.1, scale=0.7), crop)
    assert back.rotation == pytest.approx(rolled.rotation, abs=1e-5)


def test_the_corners_of_a_crop_are_pixel_centres_of_the_picture():
    whole = FaceCrop(np.zeros(2, np.float32), 1.0, 0.0)
    matrix = to_pixels_of(whole, 5, 100, 100)
    assert matrix @ np.array([0, 0, 1]) == pytest.approx([0, 0])
    assert matrix @ np.array([4, 4, 1]) == pytest.approx([99, 99])
