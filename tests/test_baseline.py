"""The FOMM-style baseline."""

import pytest
import torch

from pechead_live.errors import InputError
from pechead_live.model.baseline.dimensions import PRESETS, BaselineDimensions
from pechead_live.model.baseline.keypoints import Keypoints, inverse, relative
from pechead_live.model.baseline.motion import sparse_motions
from pechead_live.model.baseline.network import Baseline
from pechead_live.model.warp import downsample, identity_grid, warp

SIZE = PRESETS["baseline-toy"].size


@pytest.fixture
def baseline() -> Baseline:
    torch.manual_seed(0)
    return Baseline(PRESETS["baseline-toy"]).eval()


def pictures(seed: int, count: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def keypoints(seed: int, count: int = 3) -> Keypoints:
    numbers = torch.Generator().manual_seed(seed)
    places = torch.rand(2, count, 2, generator=numbers) - 0.5
    turned = torch.eye(2) + 0.2 * torch.randn(2, count, 2, 2, generator=numbers)
    return Keypoints(places, turned)


@torch.no_grad()
def test_a_portrait_that_drives_itself_does_not_move(baseline: Baseline):
    portrait = pictures(0, 2)
    source = baseline.source(portrait)
    drawn = baseline.step(source, source.keypoints)
    still = identity_grid(SIZE // 4, SIZE // 4, portrait).expand(2, -1, -1, -1)
    assert drawn.motion.flow == pytest.approx(still, abs=1e-5)


def test_it_draws_pictures_of_the_portrait_s_size(baseline: Baseline):
    source = baseline.source(pictures(0, 2))
    drawn = baseline.render(source, pictures(1, 2))
    assert drawn.shape == (2, 3, SIZE, SIZE)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    step = baseline.step(source, baseline.detector(pictures(1, 2)))
    assert step.motion.occlusion.shape == (2, 1, SIZE // 4, SIZE // 4)
    assert 0 <= step.motion.occlusion.min() <= step.motion.occlusion.max() <= 1


@torch.no_grad()
def test_relative_motion_since_the_first_frame_is_none_in_the_first_frame(baseline: Baseline):
    torch.nn.init.normal_(baseline.detector.heatmap.weight)  # keypoints far from the middle
    torch.nn.init.normal_(baseline.decoder[-2].weight)  # a picture that shows the features
    source, first, later = baseline.source(pictures(0)), pictures(1), pictures(2)
    anchor = baseline.detector(first)
    at_rest = baseline.step(source, source.keypoints).picture
    assert baseline.render(source, first, anchor) == pytest.approx(at_rest, abs=1e-3)
    assert (baseline.render(source, later, anchor) - at_rest).abs().max() > 0.01


def test_relative_motion_adds_places_and_multiplies_jacobians():
    source, driving = keypoints(0), keypoints(1)
    assert torch.allclose(relative(source, source, driving).places, driving.places, atol=1e-6)
    shifted = Keypoints(driving.places + 0.1, 2 * driving.jacobians)
    moved = relative(shifted, driving, source)
    assert torch.allclose(moved.places, source.places + 0.1, atol=1e-6)
    assert torch.allclose(moved.jacobians, 2 * source.jacobians, atol=1e-5)


def test_each_keypoint_s_motion_is_its_own_affine_map():
    source, driving = keypoints(0), keypoints(1)
    motions = sparse_motions(source, driving, 33)
    grid = identity_grid(33, 33, motions)
    assert motions.shape == (2, 4, 33, 33, 2)
    assert torch.equal(motions[:, 0], grid.expand(2, -1, -1, -1))
    turn = source.jacobians[1, 2] @ torch.linalg.inv(driving.jacobians[1, 2])
    z = grid[7, 20]  # x is the 20th column, y the 7th row
    expected = turn @ (z - driving.places[1, 2]) + source.places[1, 2]
    assert motions[1, 3, 7, 20] == pytest.approx(expected, abs=1e-5)


def test_an_inverse_is_one_even_where_a_map_has_collapsed():
    maps = keypoints(3).jacobians
    assert inverse(maps) == pytest.approx(torch.linalg.inv(maps), abs=1e-4)
    for flat in (torch.zeros(2, 2), torch.ones(2, 2), torch.tensor([[1.0, 0], [0, -1e-9]])):
        assert bool(torch.isfinite(inverse(flat)).all())


def test_every_weight_learns(baseline: Baseline):
    baseline.train()
    drawn = baseline.step(baseline.source(pictures(0, 2)), baseline.detector(pictures(1, 2)))
    (drawn.picture - pictures(1, 2)).abs().mean().backward()
    idle = [name for name, weight in baseline.named_parameters() if weight.grad is None]
    assert idle == []


def test_its_motion_learns_to_follow_a_moving_spot():
    torch.manual_seed(0)
    baseline = Baseline(PRESETS["baseline-toy"])
    places = identity_grid(SIZE, SIZE, torch.empty(0))
    spots = torch.tensor([[-0.5, 0.0], [0.0, 0.0], [0.5, 0.0]])
    away = (places - spots[:, None, None]).square().sum(dim=-1)
    frames = torch.exp(-away / 0.15)[:, None].expand(-1, 3, -1, -1)
    portrait = frames[:1].expand(3, -1, -1, -1)
    small, truth = downsample(portrait), downsample(frames)
    optimiser = torch.optim.Adam(baseline.parameters(), 5e-3)
    for _ in range(20):
        still, driven = baseline.detector(portrait), baseline.detector(frames)
        moved = warp(small, baseline.dense_motion(small, still, driven).flow)
        error = (moved - truth).abs().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    assert error < 0.3 * (small - truth).abs().mean()


@torch.no_grad()
def test_under_autocast_coordinates_keep_their_digits(baseline: Baseline):
    with torch.autocast("cpu", torch.bfloat16):
        source = baseline.source(pictures(0))
        drawn = baseline.step(source, source.keypoints)
    still = identity_grid(SIZE // 4, SIZE // 4, drawn.motion.flow)[None]
    assert drawn.motion.flow.dtype == source.keypoints.places.dtype == torch.float32
    assert drawn.motion.flow == pytest.approx(still, abs=1e-5)


@pytest.mark.parametrize(
    ("field", "value"), [("size", 100), ("keypoints", 0), ("width", 0), ("variance", 0.0)]
)
def test_dimensions_that_cannot_be_are_refused(field: str, value: float):
    with pytest.raises(InputError, match=field):
        BaselineDimensions(preset="mine", **{field: value})
