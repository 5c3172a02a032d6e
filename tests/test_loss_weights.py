"""Loss weights: presets, checks, and the ramp of the adversarial loss."""

import math
from dataclasses import replace

import pytest

from pechead_live.errors import InputError
from pechead_live.training.losses.trunk import LAYERS
from pechead_live.training.losses.weights import (
    FULL_SCALES,
    LOSSES,
    LossConfig,
    ReconstructionConfig,
)
from pechead_live.training.recipes.adversary import ramped


def test_the_paper_s_preset_has_the_terms_of_the_paper_and_no_others() -> None:
    paper = LOSSES["paper"]
    of_the_paper = (
        paper.pixel,
        paper.perceptual,
        paper.spread,
        paper.equivariance,
        paper.warping,
        paper.adversarial,
    )
    assert of_the_paper == (10, 10, 10, 10, 10, 1)
    assert (paper.perceptual_scales, paper.perceptual_layers) == (FULL_SCALES, LAYERS)
    others = (paper.feature_matching, paper.eyes, paper.mouth, paper.temporal, paper.consistency)
    assert not any(others)
    assert paper.face == 1


def test_lite_on_two_cores_has_little_of_the_perceptual_loss_and_no_discriminator() -> None:
    lite, full = LOSSES["lite"], LOSSES["lite-full"]
    assert set(lite.perceptual_scales) < set(FULL_SCALES)
    assert set(lite.perceptual_layers) < set(LAYERS)
    everything = {"perceptual_scales": FULL_SCALES, "perceptual_layers": LAYERS, "detail": 0.0}
    assert full == replace(lite, pixel=full.pixel, **everything)
    assert lite.adversarial == 0


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_a_weight_that_is_no_weight_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="pixel is"):
        LossConfig(pixel=value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"perceptual_scales": (0.3,)}, "1/2, 1/4"),
        ({"perceptual_scales": ()}, "a scale and a layer"),
        ({"perceptual_layers": ("relu9_1",)}, "relu9_1"),
        ({"penalty_every": 0}, "penalty_every"),
        ({"adversarial_start": 1.5}, "shares"),
    ],
)
def test_settings_that_cannot_be_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        replace(LOSSES["base"], **change)


def test_a_share_of_absent_faces_beyond_1_is_refused() -> None:
    with pytest.raises(InputError, match="absent"):
        ReconstructionConfig(absent=1.0)


def test_the_adversarial_loss_begins_where_it_is_told_and_rises() -> None:
    weights = LossConfig(adversarial_start=0.6, adversarial_ramp=0.2)
    assert ramped(weights, 0, 100) == 0
    assert ramped(weights, 59, 100) == 0
    assert ramped(weights, 69, 100) == pytest.approx(0.5)
    assert ramped(weights, 99, 100) == 1
    assert ramped(LossConfig(), 0, 100) == 1
