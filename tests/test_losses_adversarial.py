"""The discriminator's losses: hinge, feature matching, penalty, augmentation."""

import pytest
import torch

from pechead_live.model.discriminator import MultiScaleDiscriminator
from pechead_live.training.losses.adversarial import (
    augment,
    draw_augmentation,
    feature_matching,
    gradient_penalty,
    hinge_discriminator,
    hinge_generator,
    still_background,
)


def test_the_hinge_is_zero_when_all_is_told_apart_by_a_margin() -> None:
    real, drawn = [torch.full((1, 1, 2, 2), 1.5)], [torch.full((1, 1, 2, 2), -1.0)]
    assert float(hinge_discriminator(real, drawn)) == 0
    assert float(hinge_discriminator(drawn, real)) == pytest.approx(2 + 2.5)


def test_the_hinge_is_summed_over_scales() -> None:
    zero = [torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 1, 1)]
    assert float(hinge_discriminator(zero, zero)) == pytest.approx(4)
    assert float(hinge_generator([torch.ones(1, 1, 2, 2), torch.full((1, 1, 1, 1), 3.0)])) == -4


def test_scores_in_bfloat16_lose_nothing_in_the_losses() -> None:
    real = [torch.linspace(0, 0.25, 64).to(torch.bfloat16).view(1, 1, 8, 8)]
    drawn = [-score for score in real]
    exact = 2 * (1 - real[0].double()).mean()  # bfloat16 itself steps by 1/64 here
    assert float(hinge_discriminator(real, drawn)) == pytest.approx(float(exact), abs=1e-5)
    mean = float(real[0].double().mean())
    assert float(hinge_generator(drawn)) == pytest.approx(mean, abs=1e-6)


def test_feature_matching_is_zero_on_equal_maps_and_the_mean_difference_otherwise() -> None:
    one = [[torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 2, 2)]]
    other = [[torch.full((1, 2, 4, 4), 0.5), torch.full((1, 2, 2, 2), 1.5)]]
    assert float(feature_matching(one, one)) == 0
    assert float(feature_matching(one, other)) == pytest.approx(1.0)


def test_the_real_maps_are_the_target_and_get_no_gradient() -> None:
    real = torch.ones(1, 1, 2, 2, requires_grad=True)
    drawn = torch.zeros(1, 1, 2, 2, requires_grad=True)
    feature_matching([[real]], [[drawn]]).backward()
    assert real.grad is None and drawn.grad is not None


def test_the_penalty_is_half_the_squared_gradient_of_a_linear_score() -> None:
    slope = torch.tensor([1.0, -2.0, 0.5]).view(1, 3, 1, 1)

    def score(pictures: torch.Tensor) -> list[torch.Tensor]:
        return [(pictures * slope).sum(dim=(1, 2, 3)).view(-1, 1, 1, 1)]

    penalty = gradient_penalty(score, torch.rand(2, 3, 4, 4))
    assert float(penalty) == pytest.approx(0.5 * 16 * (1 + 4 + 0.25))


def test_the_penalty_trains_the_discriminator() -> None:
    torch.manual_seed(0)
    judge = MultiScaleDiscriminator(4)
    penalty = gradient_penalty(lambda x: [j.logits for j in judge(x)], torch.rand(2, 3, 64, 64))
    penalty.backward()
    assert float(penalty.detach()) > 0
    assert all(p.grad is not None for name, p in judge.named_parameters() if "weight" in name)


def test_equal_numbers_augment_equally_and_others_differently() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(4, 3, 32, 32)
    numbers = draw_augmentation(4, pictures)
    once = augment(pictures, numbers)
    assert torch.equal(once, augment(pictures, numbers))
    assert not torch.allclose(once, augment(pictures, draw_augmentation(4, pictures)))


def test_augmentation_moves_recolours_and_cuts() -> None:
    pictures = torch.full((64, 3, 32, 32), 0.5)
    torch.manual_seed(0)
    seen = augment(pictures, draw_augmentation(64, pictures))
    holes = (seen == 0).all(dim=1).flatten(1).float().mean(1)
    assert float(holes.min()) > 0.01  # a corner of the hole at least, or what came in
    assert float(holes.max()) < 0.6
    assert float(seen.amax(dim=(1, 2, 3)).std()) > 0.05


def test_gradients_pass_through_the_augmentation() -> None:
    pictures = torch.rand(2, 3, 16, 16, requires_grad=True)
    augment(pictures, draw_augmentation(2, pictures)).sum().backward()
    assert pictures.grad is not None
    assert float((pictures.grad != 0).float().mean()) > 0.3


def test_the_background_s_gradient_is_kept_back_and_the_picture_is_the_same() -> None:
    drawn = torch.rand(1, 3, 8, 8, requires_grad=True)
    share = torch.zeros(1, 4, 4)
    share[:, :, :2] = 1
    seen = still_background(drawn, share)
    assert torch.allclose(seen, drawn)
    seen.sum().backward()
    assert drawn.grad is not None
    assert torch.allclose(drawn.grad[..., :2], torch.ones(()))
    assert torch.allclose(drawn.grad[..., 6:], torch.zeros(()))
