"""Φ: what points say about the flow."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from pechead_live.coefficients import rotation_from_euler
from pechead_live.model.motion_estimator import (
    CORRECTION,
    PointMotion,
    PointPairs,
    PriorMotion,
    pose_turn,
)
from pechead_live.model.warp import identity_grid

SIZE = 16
STILL = identity_grid(SIZE, SIZE, torch.zeros(1))
VARIANCE = torch.tensor([0.01, 0.01, 0.003, 0.003])


def scrambled(module: nn.Module, seed: int, but: str = "nothing") -> nn.Module:
    """Random weights everywhere, except in layers whose name starts with ``but``."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if not name.startswith(but):
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module.eval().requires_grad_(False)


def pairs(driving: Tensor, source: Tensor, prior: Tensor | None = None) -> PointPairs:
    batch, count = driving.shape[:2]
    flow = STILL.expand(batch, -1, -1, -1) if prior is None else prior
    return PointPairs(driving, source, torch.zeros(batch, count, 2, 2), flow)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), half=st.booleans())
def test_points_that_stay_give_exactly_the_identity_whatever_the_masks(seed: int, half: bool):
    torch.manual_seed(seed)
    points = 2 * torch.rand(2, 4, 2) - 1
    motion = scrambled(PointMotion(VARIANCE, 4, 8, 2), seed)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        flow = motion(torch.rand(2, 3, SIZE, SIZE), pairs(points, points)).flow
    assert torch.equal(flow, STILL.expand(2, -1, -1, -1))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_an_untrained_correction_leaves_the_prior_flow_exactly_as_it_is(seed: int):
    torch.manual_seed(seed)
    motion = scrambled(PriorMotion(VARIANCE, 4, 8, 2), seed, but="correction")
    prior = STILL + 0.1 * torch.randn(2, SIZE, SIZE, 2)
    points = pairs(torch.rand(2, 4, 2), torch.rand(2, 4, 2), prior)
    assert torch.equal(motion(torch.rand(2, 3, SIZE, SIZE), points).flow, prior)


def test_a_correction_is_bounded():
    motion = scrambled(PriorMotion(VARIANCE, 4, 8, 2), 1)
    flow = motion(
        torch.rand(1, 3, SIZE, SIZE), pairs(torch.rand(1, 4, 2), torch.rand(1, 4, 2))
    ).flow
    moved = (flow - STILL).abs()
    assert 0.5 * CORRECTION < moved.max() <= CORRECTION + 1e-6


def only(motion: PointMotion, chosen: int) -> PointMotion:
    """Its masks choose one motion everywhere; 0 is the background."""
    nn.init.zeros_(motion.masks.weight)
    with torch.no_grad():
        motion.masks.bias.fill_(-100)  # type: ignore[union-attr]
        motion.masks.bias[chosen] = 100  # type: ignore[index]
    return motion.eval().requires_grad_(False)


def test_a_point_that_moved_right_lets_its_surroundings_look_left():
    source = torch.tensor([[[0.0, 0.0], [0.3, 0.1], [0.5, 0.5], [-0.5, 0.0]]])
    driving = source + torch.tensor([0.25, -0.125])
    motion = only(PointMotion(VARIANCE, 4, 8, 2), 2)
    flow = motion(torch.rand(1, 3, SIZE, SIZE), pairs(driving, source)).flow[0]
    assert flow == pytest.approx(STILL + torch.tensor([-0.25, 0.125]), abs=1e-5)


def test_the_background_does_not_move():
    motion = only(PointMotion(VARIANCE, 4, 8, 2), 0)
    flow = motion(
        torch.rand(1, 3, SIZE, SIZE), pairs(torch.rand(1, 4, 2), torch.rand(1, 4, 2))
    ).flow
    assert flow[0] == pytest.approx(STILL, abs=1e-6)


def condition(yaw: float, pitch: float, roll: float, scale: float) -> Tensor:
    rotation = torch.tensor(rotation_from_euler(yaw, pitch, roll), dtype=torch.float64)
    place = torch.tensor([0.1, 0.2, torch.tensor(scale).log()], dtype=torch.float64)
    return torch.cat([rotation[:, 0], rotation[:, 1], place, torch.zeros(52)])[None]


def test_a_pose_turns_and_grows_a_flat_face_s_surroundings():
    source, driving = condition(0, 0, 10, 0.5), condition(0, 0, -25, 0.4)
    flat = torch.tensor([[0.3, -0.2, 0.0], [0.1, 0.4, 0.0]], dtype=torch.float64)
    on_source = 0.5 * flat @ torch.tensor(rotation_from_euler(0, 0, 10)).double().T
    on_driving = 0.4 * flat @ torch.tensor(rotation_from_euler(0, 0, -25)).double().T
    jacobian = pose_turn(source, driving)[0] + torch.eye(2)
    assert on_driving[:, :2] @ jacobian.T == pytest.approx(on_source[:, :2], abs=1e-6)


def test_a_pose_s_jacobian_is_the_corner_of_the_rotation_between_two_heads():
    source, driving = condition(20, -5, 10, 0.5), condition(-10, 12, 3, 0.4)
    one = torch.tensor(rotation_from_euler(20, -5, 10)).double()
    other = torch.tensor(rotation_from_euler(-10, 12, 3)).double()
    expected = 0.5 / 0.4 * (one @ other.T)[:2, :2] - torch.eye(2)
    assert pose_turn(source, driving)[0] == pytest.approx(expected, abs=1e-6)


def test_one_pose_turns_nothing_at_all():
    pose = condition(20, -5, 10, 0.5)
    assert torch.equal(pose_turn(pose, pose)[0], torch.zeros(2, 2, dtype=torch.float64))
