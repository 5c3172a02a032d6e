"""Losses of landmarks: spread, distance, equivariance with the condition."""

import pytest
import torch
from drawn_heads import condition, drawn_face, landmarks_of
from torch import Tensor

from pechead_live.model.face_shape import FaceShape
from pechead_live.model.lite.keypoints import placed
from pechead_live.training.losses.equivariance import (
    SPLINE_SIDE,
    Transform,
    consistency_loss,
    draw_transform,
    equivariance_loss,
    transform_condition,
    transform_jacobian,
    transform_picture,
    transform_points,
)
from pechead_live.training.losses.keypoints import landmark_loss, spread_loss
from pechead_live.training.recipes.face_crops import into_crop

POINTS = torch.tensor([[0.0, 0.0, 0.0], [0.4, -0.3, 0.1], [-0.2, 0.5, -0.3], [0.1, 0.6, 0.2]])


def transform(
    roll: float = 0.0,
    log_scale: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    weights: Tensor | None = None,
) -> Transform:
    """One transform."""
    bend = torch.zeros(1, SPLINE_SIDE**2) if weights is None else weights
    return Transform(torch.tensor([roll]), torch.tensor([log_scale]), torch.tensor([shift]), bend)


def head_points(picture: Tensor, given: Tensor) -> Tensor:
    """An estimator that obeys its condition perfectly and looks at nothing."""
    return placed(POINTS, given)


def test_landmarks_far_apart_have_no_spread_loss_and_near_ones_have_it_by_hand() -> None:
    apart = torch.tensor([[[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]]])
    assert float(spread_loss(apart)) == 0
    near = torch.tensor([[[0.0, 0.0], [0.1, 0.0], [0.0, 0.5]]])  # 0.1 - 0.01, in both orders
    assert float(spread_loss(near)) == pytest.approx(0.18)


def test_the_spread_loss_pushes_landmarks_apart() -> None:
    keypoints = torch.tensor([[[0.0, 0.0], [0.1, 0.0]]], requires_grad=True)
    spread_loss(keypoints).backward()
    assert keypoints.grad is not None
    step = -keypoints.grad[0, :, 0]
    assert step[0] < 0 < step[1]


def test_the_landmark_loss_is_a_weighted_mean() -> None:
    truth = torch.zeros(1, 2, 2)
    landmarks = torch.tensor([[[0.2, 0.4], [0.0, 0.0]]])
    assert float(landmark_loss(truth, truth)) == 0
    assert float(landmark_loss(landmarks, truth)) == pytest.approx(0.15)
    weighted = landmark_loss(landmarks, truth, torch.tensor([3.0, 1.0]))
    assert float(weighted) == pytest.approx(0.3 * 3 / 4)


def test_the_identity_transform_changes_nothing() -> None:
    still = transform()
    points = torch.rand(1, 5, 2) * 2 - 1
    picture = torch.rand(1, 3, 16, 16)
    given = condition(drawn_face(yaw=10, roll=5))[None]
    assert torch.allclose(transform_points(still, points), points, atol=1e-6)
    assert torch.allclose(transform_picture(still, picture), picture, atol=1e-5)
    assert torch.allclose(transform_condition(still, given), given, atol=1e-6)


def test_a_shift_shows_at_z_what_was_at_z_plus_the_shift() -> None:
    picture = torch.zeros(1, 3, 17, 17)
    picture[..., 8, 12] = 1  # x = 0.5, y = 0
    moved = transform_picture(transform(shift=(0.5, 0.0)), picture)
    assert float(moved[0, 0, 8, 8]) == pytest.approx(1)


def test_the_condition_of_the_copy_puts_the_head_where_the_copy_shows_it() -> None:
    similarity = transform(roll=0.3, log_scale=-0.2, shift=(0.1, -0.05))
    face = drawn_face(yaw=15, roll=-8, jaw=0.4)
    moved = transform_condition(similarity, condition(face)[None])
    first, second = moved[:, 0:3], moved[:, 3:6]
    rotation = torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)
    shape = FaceShape()
    found = shape.landmarks(
        torch.zeros(1, 50), moved[:, 9:], rotation, moved[:, 6:8], moved[:, 8].exp()
    )
    assert torch.allclose(transform_points(similarity, found), landmarks_of(face)[None], atol=1e-4)
    assert torch.allclose(into_crop(similarity, landmarks_of(face)[None]), found, atol=1e-4)


def test_the_jacobian_is_the_derivative_of_the_transform() -> None:
    torch.manual_seed(0)
    drawn = draw_transform(1, torch.zeros(1))._replace(weights=0.1 * torch.randn(1, SPLINE_SIDE**2))
    points = torch.rand(1, 4, 2) * 2 - 1
    numeric = torch.autograd.functional.jacobian(lambda p: transform_points(drawn, p), points)
    expected = torch.stack([numeric[0, i, :, 0, i] for i in range(4)])[None]
    assert torch.allclose(transform_jacobian(drawn, points), expected, atol=1e-4)


def test_an_estimator_that_obeys_the_pose_has_no_equivariance_loss() -> None:
    similarity = transform(roll=0.2, log_scale=0.1, shift=(0.05, 0.1))
    given = condition(drawn_face(yaw=-12, roll=20))[None]
    picture = torch.rand(1, 3, 16, 16)
    keypoints = head_points(picture, given)
    loss = equivariance_loss(head_points, picture, given, keypoints, similarity)
    assert float(loss) < 1e-5


def test_an_estimator_that_stays_where_it_is_has_an_equivariance_loss() -> None:
    similarity = transform(shift=(0.1, 0.0))
    given = condition(drawn_face())[None]
    picture = torch.rand(1, 3, 16, 16)
    keypoints = head_points(picture, given)
    loss = equivariance_loss(lambda *_: keypoints, picture, given, keypoints, similarity)
    assert float(loss) == pytest.approx(0.05)  # 0.1 in x, 0 in y


def test_drawn_transforms_differ_and_are_small() -> None:
    torch.manual_seed(0)
    drawn = draw_transform(64, torch.zeros(1))
    points = torch.rand(64, 8, 2) * 2 - 1
    away = (transform_points(drawn, points) - points).norm(dim=-1)
    assert 0.02 < float(away.mean()) < 0.2
    assert float(drawn.roll.std()) == pytest.approx(0.05, rel=0.4)


def test_consistency_is_the_mean_distance_along_the_axes() -> None:
    one = torch.tensor([[[0.0, 0.2]]])
    assert float(consistency_loss(one, one)) == 0
    assert float(consistency_loss(one, torch.zeros(1, 1, 2))) == pytest.approx(0.1)
