"""Losses between pictures: pixel, perceptual, warping, temporal."""

import pytest
import torch
from small_trunk import small_trunk
from torch import Tensor
from torch.nn import functional

from pechead_live.model.warp import identity_grid
from pechead_live.training.losses.perceptual import perceptual_loss, shrink
from pechead_live.training.losses.pixel import masked_l1, pixel_loss
from pechead_live.training.losses.temporal import temporal_loss
from pechead_live.training.losses.trunk import LAYERS
from pechead_live.training.losses.warping import (
    endpoint_error,
    resize_picture,
    warp_picture,
    warping_loss,
)

SCALES = (1.0, 0.5)


def smooth(count: int = 2, side: int = 32, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 6, 6, generator=random)
    return functional.interpolate(coarse, (side, side), mode="bilinear", align_corners=True)


def still(side: int, count: int = 2) -> Tensor:
    return identity_grid(side, side, torch.zeros(1)).expand(count, -1, -1, -1)


def test_the_pixel_loss_is_the_mean_difference_times_the_weight() -> None:
    drawn = torch.tensor([[0.5, 0.0], [1.0, 0.25]]).expand(1, 3, 2, 2)
    truth = torch.zeros(1, 3, 2, 2)
    assert pixel_loss(truth, truth) == 0
    assert float(pixel_loss(drawn, truth)) == pytest.approx(1.75 / 4)
    weight = torch.tensor([[4.0, 1.0], [1.0, 1.0]]).view(1, 1, 2, 2)
    assert float(pixel_loss(drawn, truth, weight)) == pytest.approx(3.25 / 4)


def test_the_masked_loss_looks_at_the_mask_alone_and_is_a_mean_over_it() -> None:
    truth = torch.zeros(1, 3, 4, 4)
    drawn = truth.clone()
    drawn[..., :2, :] = 0.5
    drawn[..., 2:, :] = 0.9
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., :2, :] = 1
    assert float(masked_l1(drawn, truth, mask)) == pytest.approx(0.5)
    assert float(masked_l1(drawn, truth, torch.zeros_like(mask))) == 0


def test_the_perceptual_loss_is_zero_on_equal_pictures_and_grows_with_blur() -> None:
    trunk = small_trunk()
    truth = torch.rand(2, 3, 32, 32)

    def loss(drawn: Tensor) -> float:
        return float(perceptual_loss(trunk, drawn, truth, scales=SCALES, layers=LAYERS))

    def blurred(size: int) -> Tensor:
        return functional.avg_pool2d(truth, size, stride=1, padding=size // 2)

    assert loss(truth) == 0
    assert 0 < loss(blurred(3)) < loss(blurred(7))


def test_each_layer_is_divided_by_its_mean_on_the_truth() -> None:
    maps = {0.2: torch.full((1, 1, 2, 2), 3.0), 0.6: torch.full((1, 1, 2, 2), -2.0)}

    def trunk(pictures: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
        of_picture = maps[round(float(pictures.mean()), 1)]
        return dict.fromkeys(layers, of_picture)

    drawn, truth = torch.full((1, 3, 4, 4), 0.2), torch.full((1, 3, 4, 4), 0.6)
    layers = ("relu1_1", "relu5_1")  # |3 - -2| / |-2| = 2.5, and half of it
    loss = perceptual_loss(trunk, drawn, truth, scales=(1.0,), layers=layers)
    assert float(loss) == pytest.approx(3.75)


def test_the_perceptual_loss_does_not_depend_on_the_size_of_the_activations() -> None:
    trunk = small_trunk()
    drawn, truth = smooth(seed=1), smooth(seed=2)

    def louder(pictures: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
        return {name: 100 * maps for name, maps in trunk(pictures, layers).items()}

    losses = [
        perceptual_loss(each, drawn, truth, scales=SCALES, layers=LAYERS)
        for each in (trunk, louder)
    ]
    assert torch.allclose(losses[0], losses[1], rtol=1e-4)


def test_only_the_drawn_picture_gets_a_gradient_of_the_perceptual_loss() -> None:
    drawn, truth = smooth(seed=1).requires_grad_(True), smooth(seed=2).requires_grad_(True)
    perceptual_loss(small_trunk(), drawn, truth, scales=SCALES, layers=LAYERS).backward()
    assert drawn.grad is not None and bool((drawn.grad != 0).any())
    assert truth.grad is None


def test_shrinking_takes_means_of_blocks() -> None:
    picture = torch.arange(16.0).view(1, 1, 4, 4)
    assert shrink(picture, 0.5).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert shrink(picture, 1.0) is picture


def test_the_warping_loss_is_zero_for_the_flow_that_made_the_truth() -> None:
    source = smooth(side=128)
    flow = still(64) + torch.tensor([2 * 4 / 63, 0.0])
    truth = warp_picture(source, flow)
    right, wrong = warping_loss(source, truth, flow), warping_loss(source, truth, still(64))
    assert float(right) < 0.005 < float(wrong)
    assert float(warping_loss(source, source, still(64))) < 1e-6


def test_the_warping_loss_leads_a_flow_to_the_truth() -> None:
    source = smooth(count=1, side=64)
    truth = warp_picture(source, still(64, 1) + torch.tensor([0.1, -0.06]))
    shift = torch.zeros(2, requires_grad=True)
    adam = torch.optim.Adam([shift], lr=0.01)
    for _ in range(40):
        adam.zero_grad()
        warping_loss(source, truth, still(64, 1) + shift).backward()
        adam.step()
    assert torch.allclose(shift.detach(), torch.tensor([0.1, -0.06]), atol=0.015)


def test_sizes_above_the_picture_s_are_left_out() -> None:
    source, truth = smooth(side=32, seed=1), smooth(side=32, seed=2)
    expected = (source - truth).abs().mean()
    assert torch.allclose(warping_loss(source, truth, still(16)), expected, atol=1e-5)


@pytest.mark.parametrize("side", [16, 24])
def test_resizing_keeps_the_mean_of_a_smooth_picture(side: int) -> None:
    picture = smooth(side=32)
    resized = resize_picture(picture, side)
    assert resized.shape[-2:] == (side, side)
    assert torch.allclose(resized.mean(), picture.mean(), atol=0.01)


def test_the_endpoint_error_is_the_mean_distance_over_the_share() -> None:
    truth = still(4, 1)
    flow = truth.clone()
    flow[:, :2] += torch.tensor([0.3, 0.4])
    assert float(endpoint_error(truth, truth)) == pytest.approx(0, abs=1e-9)
    assert float(endpoint_error(flow, truth)) == pytest.approx(0.25, abs=1e-3)
    share = torch.zeros(1, 4, 4)
    share[:, :2] = 1
    assert float(endpoint_error(flow, truth, share)) == pytest.approx(0.5, abs=1e-3)
    assert float(endpoint_error(flow, truth, 1 - share)) == pytest.approx(0, abs=1e-9)


def test_the_endpoint_error_has_a_finite_gradient_where_flows_are_equal() -> None:
    flow = still(4, 1).clone().requires_grad_(True)
    endpoint_error(flow, still(4, 1)).backward()
    assert flow.grad is not None and bool(torch.isfinite(flow.grad).all())


def test_a_clip_that_changes_as_the_truth_does_has_no_temporal_loss() -> None:
    truth_before, truth = smooth(seed=1), smooth(seed=2)
    flow = still(16)
    assert float(temporal_loss(truth, truth_before, truth, truth_before, flow)) == 0
    # a constant error does not flicker, one that comes and goes does
    assert float(temporal_loss(truth + 0.1, truth_before + 0.1, truth, truth_before, flow)) < 1e-6
    flickering = temporal_loss(truth + 0.1, truth_before - 0.1, truth, truth_before, flow)
    assert float(flickering) == pytest.approx(0.2, abs=1e-5)


def test_an_error_that_moves_with_the_face_does_not_count_as_flicker() -> None:
    before = smooth(seed=3, side=64)
    flow = still(64) + torch.tensor([4 / 63, 0.0])  # two pixels to the right per frame
    now = warp_picture(before, flow)
    spot = torch.zeros_like(before)
    spot[..., 20:30, 20:30] = 0.5
    moved = warp_picture(spot, flow)
    follows = temporal_loss(now + moved, before + spot, now, before, flow)
    stays = temporal_loss(now + spot, before + spot, now, before, flow)
    assert float(follows) < 1e-6 < 0.004 < float(stays)
