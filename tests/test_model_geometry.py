"""Grids, flows, heatmaps and what they do to a picture."""

import pytest
import torch

from pechead_live.model.heatmaps import heatmaps
from pechead_live.model.landmark_flow import landmark_flow
from pechead_live.model.warp import (
    displacement_px,
    downsample,
    identity_grid,
    resize_flow,
    warp,
)

RAMP = torch.arange(64.0).expand(1, 1, 64, 64)


def shifted(pixels_x: float, pixels_y: float, size: int = 64) -> torch.Tensor:
    """Flow that looks so many pixels to the right and down."""
    step = 2 / (size - 1)
    return identity_grid(size, size, RAMP)[None] + torch.tensor([pixels_x, pixels_y]) * step


def test_the_identity_flow_changes_no_picture():
    picture = torch.rand(2, 3, 16, 24)
    flow = identity_grid(16, 24, picture).expand(2, -1, -1, -1)
    assert warp(picture, flow) == pytest.approx(picture, abs=1e-5)


def test_a_flow_says_where_to_look_with_x_to_the_right_and_y_down():
    picture = torch.rand(1, 1, 64, 64)
    moved = warp(picture, shifted(3, 5))
    assert moved[..., :-5, :-3] == pytest.approx(picture[..., 5:, 3:], abs=1e-4)


def test_beyond_its_edge_a_picture_goes_on_as_it_ends():
    assert warp(RAMP, shifted(10, 0))[0, 0, 7, -10:] == pytest.approx(torch.full((10,), 63.0))


def test_a_displacement_is_in_pixels_of_the_flow_s_own_grid():
    moved = displacement_px(shifted(3, -5))
    assert moved[0, 0] == pytest.approx(torch.full((64, 64), 3.0), abs=1e-4)
    assert moved[0, 1] == pytest.approx(torch.full((64, 64), -5.0), abs=1e-4)


@pytest.mark.parametrize("size", [16, 32, 64, 128])
def test_the_identity_stays_exactly_the_identity_at_every_size(size: int):
    still = identity_grid(64, 64, RAMP)[None]
    assert torch.equal(resize_flow(still, size, size)[0], identity_grid(size, size, RAMP))


def test_a_resized_flow_moves_by_the_same_share_of_the_picture():
    resized = resize_flow(shifted(3, 5), 16, 16)
    expected = torch.tensor([3.0, 5.0]) * 2 / 63
    assert resized[0] - identity_grid(16, 16, RAMP) == pytest.approx(
        expected.expand(16, 16, 2), abs=1e-6
    )


def test_flows_and_warps_keep_their_precision_under_autocast():
    flow = shifted(0.1, 0)
    with torch.autocast("cpu", torch.bfloat16):
        resized = resize_flow(flow, 32, 32)
        moved = warp(RAMP, flow)
    assert resized.dtype == moved.dtype == torch.float32
    assert moved[0, 0, 8, 8] == pytest.approx(8.1, abs=1e-3)


def test_a_small_picture_samples_the_middle_of_each_four_pixels():
    small = downsample(RAMP)[0, 0, 8]
    assert small[2:-2] == pytest.approx(torch.arange(16.0)[2:-2] * 4 + 1.5, abs=1e-4)


def test_a_small_picture_has_no_aliases_and_keeps_the_brightness():
    checkers = (torch.arange(64)[:, None] + torch.arange(64)) % 2
    small = downsample(checkers[None, None].float())
    assert small[..., 2:-2, 2:-2] == pytest.approx(torch.full((1, 1, 12, 12), 0.5), abs=1e-3)
    assert downsample(torch.full((1, 3, 64, 64), 0.7)) == pytest.approx(
        torch.full((1, 3, 16, 16), 0.7), abs=1e-6
    )


def test_a_heatmap_is_the_gaussian_of_the_distance_to_its_point():
    points = torch.tensor([[[0.2, -0.4], [-0.7, 0.9]]])
    variance = torch.tensor([0.01, 0.003])
    grid = identity_grid(32, 32, points)
    away = ((grid - points[0, :, None, None]) ** 2).sum(-1)
    expected = torch.exp(-away / (2 * variance[:, None, None]))
    assert heatmaps(points, variance, 32)[0] == pytest.approx(expected, abs=1e-5)


def test_equal_landmarks_mean_exactly_that_nothing_moved():
    points = torch.rand(2, 70, 2) * 2 - 1
    flow = landmark_flow(points, points, 16)
    assert torch.equal(flow, identity_grid(16, 16, points).expand(2, -1, -1, -1))


def test_the_flow_between_frames_leads_back_to_where_the_face_was():
    face = 0.4 * torch.rand(1, 70, 2) - 0.2
    flow = landmark_flow(face + torch.tensor([0.1, -0.05]), face, 64)
    moved = (flow - identity_grid(64, 64, face))[0]
    assert moved[30:34, 33:37].mean((0, 1)) == pytest.approx(torch.tensor([-0.1, 0.05]), abs=0.01)
    assert moved[0, 0] == pytest.approx(torch.zeros(2), abs=1e-4)
