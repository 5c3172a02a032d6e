"""Masks of eyes, mouth and face cover what they say and nothing else."""

import pytest
import torch
from drawn_heads import drawn_face, landmarks_of
from torch import Tensor
from torch.nn import functional

from pechead_live.training.losses.regions import eyes_mask, face_mask, face_weight, mouth_mask

SIDE = 128
EYES, MOUTH, NOSE, JAW = range(36, 48), range(48, 68), range(27, 36), range(17)
IRISES = (68, 69)


def marks(yaw: float = 0.0, roll: float = 0.0, jaw: float = 0.0) -> Tensor:
    return landmarks_of(drawn_face(yaw, roll, jaw))[None]


def at(mask: Tensor, points: Tensor) -> Tensor:
    """(N,) the mask's values at (1, N, 2) points."""
    return functional.grid_sample(mask, points[:, None], align_corners=True).flatten()


@pytest.mark.parametrize("roll", [0.0, 25.0, -40.0])
@pytest.mark.parametrize("jaw", [0.0, 1.0])
def test_each_mask_covers_its_own_landmarks_and_not_the_other_s(roll: float, jaw: float) -> None:
    points = marks(yaw=10, roll=roll, jaw=jaw)
    eyes, mouth = eyes_mask(points, SIDE, SIDE), mouth_mask(points, SIDE, SIDE)
    assert float(at(eyes, points[:, [*EYES, *IRISES]]).min()) > 0.9
    assert float(at(mouth, points[:, MOUTH]).min()) > 0.9
    assert float(at(eyes, points[:, MOUTH]).max()) < 0.01
    assert float(at(mouth, points[:, EYES]).max()) < 0.01
    assert float(at(mouth, points[:, [8]]).max()) < 0.1  # the chin


def test_a_mask_is_soft_at_its_edge_and_stays_between_0_and_1() -> None:
    mask = mouth_mask(marks(), SIDE, SIDE)
    assert float(mask.min()) >= 0 and float(mask.max()) <= 1
    assert float(((mask > 0.1) & (mask < 0.9)).float().mean()) > 0.005
    steps = (mask[..., 1:] - mask[..., :-1]).abs()
    assert float(steps.max()) < 0.6


def test_closed_eyes_have_a_mask_too() -> None:
    points = marks()
    points[:, EYES, 1] = points[:, list(EYES), 1].mean()
    mask = eyes_mask(points, SIDE, SIDE)
    assert float(at(mask, points[:, EYES]).min()) > 0.9
    assert 0.002 < float(mask.mean()) < 0.1


def test_the_mouth_s_mask_grows_as_the_mouth_opens() -> None:
    shut, open_ = mouth_mask(marks(), SIDE, SIDE), mouth_mask(marks(jaw=1.0), SIDE, SIDE)
    assert float(open_.sum()) > 1.2 * float(shut.sum())


@pytest.mark.parametrize("roll", [0.0, 30.0])
def test_the_face_s_mask_holds_eyes_nose_and_mouth_and_ends_at_the_jaw(roll: float) -> None:
    points = marks(roll=roll)
    mask = face_mask(points, SIDE, SIDE)
    assert float(at(mask, points[:, [*EYES, *NOSE, *MOUTH]]).min()) > 0.95
    middle = points[:, [30]]
    outside = middle + 1.15 * (points[:, JAW] - middle)
    inside = middle + 0.85 * (points[:, JAW] - middle)
    assert float(at(mask, outside).max()) < 0.1
    assert float(at(mask, inside).min()) > 0.9


def test_the_face_s_mask_reaches_above_the_brows() -> None:
    points = marks()
    brow, chin = points[:, 17:27].mean(dim=1, keepdim=True), points[:, [8]]
    mask = face_mask(points, SIDE, SIDE)
    assert float(at(mask, brow + 0.2 * (brow - chin))) > 0.9
    assert float(at(mask, brow + 0.6 * (brow - chin))) < 0.1


def test_the_face_s_mask_has_the_area_of_its_outline() -> None:
    # the jaw goes down, along and up three sides of a square, the brows close it when lifted
    path = torch.linspace(-0.5, 2.5, 17)
    x = (path - 1).clamp(-0.5, 0.5)
    y = torch.minimum(path, 2 - path).clamp(max=0.5)
    square = torch.zeros(1, 70, 2)
    square[:, :17] = torch.stack([x, y], -1)
    square[:, 17:27, 0] = torch.linspace(-0.5, 0.5, 10)
    square[:, 17:27, 1] = 0.5 - 1 / 1.35  # lifted by 0.35 of the way from the chin: -0.5
    assert float(face_mask(square, 64, 64).mean()) == pytest.approx(0.25, abs=0.02)


def test_the_weight_is_the_factor_in_the_face_and_1_outside() -> None:
    points = marks()
    weight = face_weight(points, SIDE, SIDE, 4.0)
    assert float(at(weight, points[:, [30]])) == pytest.approx(4)
    assert float(weight[0, 0, 0, 0]) == 1


def test_a_face_outside_the_picture_leaves_masks_empty_and_finite() -> None:
    away = marks() + 10
    for mask in (eyes_mask, mouth_mask, face_mask):
        values = mask(away, SIDE, SIDE)
        assert bool(torch.isfinite(values).all())
        assert float(values.sum()) == 0
