"""E, the Head Pose-Aware Keypoint Estimator."""

import pytest
import torch

from pechead_live.facemodel.condition import CONDITION_MEAN, CONDITION_SIZE
from pechead_live.model.estimator import Estimator, mean_place, spatial_softmax

KEYPOINTS = 4


@pytest.fixture
def estimator() -> Estimator:
    torch.manual_seed(0)
    return Estimator(width=8, cap=32, keypoints=KEYPOINTS, condition=CONDITION_SIZE, size=16)


@pytest.fixture
def example() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    condition = torch.from_numpy(CONDITION_MEAN) + 0.1 * torch.randn(
        2, CONDITION_SIZE, generator=generator
    )
    return torch.rand(2, 3, 16, 16, generator=generator), condition


@pytest.mark.parametrize(
    ("width", "cap", "millions"), [(32, 512, 9.73), (24, 192, 3.93)], ids=["paper", "base"]
)
def test_it_is_as_large_as_the_published_description_makes_it(
    width: int, cap: int, millions: float
):
    with torch.device("meta"):
        estimator = Estimator(width, cap, 10, CONDITION_SIZE)
    count = sum(parameter.numel() for parameter in estimator.parameters())
    assert count / 1e6 == pytest.approx(millions, rel=0.01)


@pytest.mark.parametrize(("size", "depth"), [(8, 1), (16, 2), (32, 3), (64, 4), (128, 4)])
def test_small_pictures_are_halved_less_often(size: int, depth: int):
    estimator = Estimator(4, 16, KEYPOINTS, 5, size)
    assert len(estimator.down) == len(estimator.up) == depth
    keypoints = estimator(torch.rand(3, 3, size, size), torch.zeros(3, 5))
    assert keypoints.shape == (3, KEYPOINTS, 2)
    assert keypoints.abs().max() <= 1


def test_pictures_too_small_to_halve_are_refused():
    with pytest.raises(ValueError, match="not 4"):
        Estimator(4, 16, KEYPOINTS, 5, size=4)


def test_untrained_it_does_not_heed_the_condition_but_learns_to(
    estimator: Estimator, example: tuple[torch.Tensor, torch.Tensor]
):
    picture, condition = example
    before = estimator(picture, condition)
    assert torch.equal(before, estimator(picture, condition + 1))
    optimiser = torch.optim.Adam(estimator.parameters(), 1e-2)
    for _ in range(3):
        optimiser.zero_grad()
        (estimator(picture, condition) - 0.5).square().mean().backward()
        optimiser.step()
    moved = estimator(picture, condition + 1) - estimator(picture, condition)
    assert moved.abs().max() > 1e-3


def test_every_weight_is_used(estimator: Estimator, example: tuple[torch.Tensor, torch.Tensor]):
    for block in [*estimator.down, *estimator.up]:
        for norm in (block.norm1, block.norm2):
            torch.nn.init.normal_(norm.style.weight, std=0.1)
    estimator(*example).square().sum().backward()
    idle = [
        name
        for name, weight in estimator.named_parameters()
        # a bias before an instance normalisation is subtracted again
        if weight.grad is None or (not weight.grad.any() and not name.endswith("bias"))
    ]
    assert idle == []


def test_under_autocast_it_computes_as_without(
    estimator: Estimator, example: tuple[torch.Tensor, torch.Tensor]
):
    picture, condition = example
    expected = estimator(picture, condition)
    with torch.autocast("cpu", torch.bfloat16):
        found = estimator(picture, condition)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_the_condition_is_normalised_inside(estimator: Estimator):
    assert estimator.condition_mean.tolist() == CONDITION_MEAN.tolist()
    assert "condition_std" in estimator.state_dict()


def test_one_bright_place_is_where_the_keypoint_is():
    scores = torch.zeros(1, 2, 9, 17)
    scores[0, 0, 0, 16] = 10
    scores[0, 1, 4, 4] = 10
    share = spatial_softmax(scores)
    assert share.sum(dim=(2, 3)) == pytest.approx(torch.ones(1, 2))
    found = mean_place(share)
    assert found[0] == pytest.approx(torch.tensor([[1.0, -1.0], [-0.5, 0.0]]), abs=1e-5)
