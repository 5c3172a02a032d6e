"""D, the two-scale patch discriminator."""

import pytest
import torch

from pechead_live.model.discriminator import MultiScaleDiscriminator


@pytest.mark.parametrize(("width", "millions"), [(64, 2.76), (48, 1.56)])
def test_it_is_as_large_as_described(width: int, millions: float):
    discriminator = MultiScaleDiscriminator(width)
    for scale in discriminator.scales:
        count = sum(weight.numel() for weight in scale.parameters())
        assert count / 1e6 == pytest.approx(millions, rel=0.01)


def test_it_judges_patches_of_the_picture_and_of_its_half():
    judgements = MultiScaleDiscriminator(4)(torch.rand(2, 3, 256, 256))
    assert [tuple(j.logits.shape) for j in judgements] == [(2, 1, 30, 30), (2, 1, 14, 14)]
    for judgement in judgements:
        assert [f.shape[1] for f in judgement.features] == [4, 8, 16, 32]


def test_the_smallest_picture_gets_a_judgement_at_both_scales():
    judgements = MultiScaleDiscriminator(4)(torch.rand(1, 3, 64, 64))
    assert [tuple(j.logits.shape) for j in judgements] == [(1, 1, 6, 6), (1, 1, 2, 2)]


def test_the_second_scale_sees_no_detail_finer_than_two_pixels():
    torch.manual_seed(0)
    discriminator = MultiScaleDiscriminator(4).eval()
    checks = torch.zeros(1, 3, 64, 64)
    checks[..., ::2, ::2] = 1
    checks[..., 1::2, 1::2] = 1
    grey = torch.full_like(checks, 0.5)
    fine, coarse = zip(discriminator(checks), discriminator(grey), strict=True)
    assert not torch.allclose(fine[0].logits, fine[1].logits)
    assert torch.allclose(coarse[0].logits, coarse[1].logits, atol=1e-6)


def test_its_maps_have_a_bounded_slope_and_its_logits_a_free_one():
    torch.manual_seed(0)
    discriminator = MultiScaleDiscriminator(4)
    with torch.no_grad():
        for scale in discriminator.scales:
            scale.last.weight.mul_(1000)
            for convolution in scale.convolutions:
                convolution.parametrizations.weight.original.mul_(1000)
    for _ in range(20):
        discriminator(torch.rand(1, 3, 64, 64))
    discriminator.eval()
    for scale in discriminator.scales:
        for convolution in scale.convolutions:
            norm = torch.linalg.matrix_norm(convolution.weight.flatten(1), 2)
            assert norm.item() == pytest.approx(1, rel=0.05)
        assert torch.linalg.matrix_norm(scale.last.weight.flatten(1), 2).item() > 10


def test_hinge_training_tells_dark_pictures_from_light_ones():
    torch.manual_seed(0)
    discriminator = MultiScaleDiscriminator(8)
    light, dark = 0.8 + 0.1 * torch.rand(4, 3, 64, 64), 0.1 * torch.rand(4, 3, 64, 64)
    optimiser = torch.optim.Adam(discriminator.parameters(), 1e-3)
    for _ in range(30):
        loss = sum(
            torch.relu(1 - real.logits).mean() + torch.relu(1 + fake.logits).mean()
            for real, fake in zip(discriminator(light), discriminator(dark), strict=True)
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for real, fake in zip(discriminator(light), discriminator(dark), strict=True):
        assert real.logits.mean() > 0.2 > -0.2 > fake.logits.mean()
