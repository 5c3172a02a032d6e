"""Stages 0 to 2: what each trains, with which terms."""

from dataclasses import replace

import pytest
import torch
from drawn_heads import drawn_batch
from small_trunk import small_trunk
from torch import nn

from pechead_live.errors import InputError
from pechead_live.model.dimensions import PRESETS
from pechead_live.model.frame_flow import identity_flow
from pechead_live.model.pechead import PECHead
from pechead_live.training.losses.weights import LOSSES
from pechead_live.training.recipes.motion import motion_parameters
from pechead_live.training.recipes.pechead import PecheadStage, pechead_recipe
from pechead_live.training.recipes.recipe import Recipe, Terms

WEIGHTS = replace(LOSSES["base"], perceptual=0.0)
KEYPOINT_TERMS = {"spread", "equivariance", "consistency"}


def toy(stage: PecheadStage) -> Recipe:
    torch.manual_seed(0)
    return pechead_recipe(PRESETS["toy"], stage, WEIGHTS)


def total(terms: Terms) -> torch.Tensor:
    return torch.stack(list(terms.values())).sum()


@pytest.mark.parametrize(
    ("stage", "frames", "expected"),
    [
        ("0", 1, KEYPOINT_TERMS | {"tie", "flow", "warping"}),
        ("1a", 1, KEYPOINT_TERMS | {"pixel", "eyes", "mouth", "warping"}),
        (
            "1b",
            1,
            KEYPOINT_TERMS
            | {"pixel", "eyes", "mouth", "warping", "adversarial", "feature_matching"},
        ),
        (
            "2",
            2,
            KEYPOINT_TERMS
            | {"pixel", "eyes", "mouth", "warping", "adversarial", "feature_matching", "temporal"},
        ),
    ],
)
def test_each_stage_has_its_terms(stage: PecheadStage, frames: int, expected: set[str]) -> None:
    terms, pictures = toy(stage).losses(drawn_batch(2, frames), 0, 10)
    assert set(terms) == expected
    assert all(term.shape == () and bool(torch.isfinite(term)) for term in terms.values())
    assert pictures.shape == (2, frames, 3, 64, 64)


def test_stage_0_learns_the_flow_without_touching_encoder_or_decoder() -> None:
    recipe = toy("0")
    batch = drawn_batch(4)
    (group,) = recipe.parameter_groups(recipe.network)
    others = {name: value.clone() for name, value in recipe.network.named_parameters()}
    adam = torch.optim.Adam(group["params"], lr=2e-3)
    first = last = 0.0
    for step in range(30):
        terms, _ = recipe.losses(batch, step, 1000)
        adam.zero_grad()
        total(terms).backward()
        adam.step()
        last = float(total(terms).detach())
        first = first or last
    assert last < 0.6 * first
    moved = {n for n, p in recipe.network.named_parameters() if not torch.equal(p, others[n])}
    assert moved
    assert not any(name.startswith(("encoder.", "decoder.", "cap.")) for name in moved)


def test_the_tie_to_the_head_s_points_ends_in_the_middle_of_stage_0() -> None:
    recipe = toy("0")
    batch = drawn_batch()
    assert "tie" in recipe.losses(batch, 4, 10)[0]
    assert "tie" not in recipe.losses(batch, 5, 10)[0]


def test_stage_1a_learns_a_pair() -> None:
    recipe = toy("1a")
    batch = drawn_batch(2)
    adam = torch.optim.Adam(recipe.network.parameters(), lr=2e-3)
    pixel: list[float] = []
    for step in range(25):
        terms, _ = recipe.losses(batch, step, 1000)
        adam.zero_grad()
        total(terms).backward()
        adam.step()
        pixel.append(float(terms["pixel"].detach()))
    assert pixel[-1] < 0.5 * pixel[0]


def test_the_perceptual_loss_has_a_part_in_the_warping_loss() -> None:
    torch.manual_seed(0)
    recipe = pechead_recipe(PRESETS["toy"], "1a", LOSSES["base"], trunk=small_trunk())
    batch = drawn_batch()
    terms, _ = recipe.losses(batch, 9, 10)  # normalisation stands still: the same again
    without = pechead_recipe(
        PRESETS["toy"], "1a", replace(LOSSES["base"], warping_perceptual=0.0), trunk=small_trunk()
    )
    without.network.load_state_dict(recipe.network.state_dict())
    less, _ = without.losses(batch, 9, 10)
    assert float(terms["perceptual"].detach()) > 0
    assert float(terms["warping"].detach()) > float(less["warping"].detach()) > 0


def test_the_paper_s_own_settings_train_without_prior_or_estimator() -> None:
    weights = replace(LOSSES["paper"], perceptual=0.0)
    for setting in ("kp", "lmk", "direct"):
        dimensions = replace(PRESETS["toy"], setting=setting, prior_flow=False)
        terms, _ = pechead_recipe(dimensions, "1a", weights).losses(drawn_batch(), 0, 10)
        total(terms).backward()
        assert ("spread" in terms) == (setting != "lmk")


def test_the_flow_of_a_moving_source_leads_from_each_frame_to_the_one_before() -> None:
    asked: list[tuple[torch.Tensor, torch.Tensor]] = []

    def measured(now: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        asked.append((now, before))
        return identity_flow(now, before)

    torch.manual_seed(0)
    recipe = pechead_recipe(PRESETS["toy"], "2", WEIGHTS, frame_flow=measured)
    recipe.draw(recipe.network, drawn_batch(2, 3))
    assert asked == []  # a still source needs none
    moving = drawn_batch(2, 3, moving=True)
    recipe.draw(recipe.network, moving)
    assert len(asked) == 2
    for t, (now, before) in enumerate(asked, start=1):
        assert torch.equal(now, moving.source[:, t])
        assert torch.equal(before, moving.source[:, t - 1])


def test_a_moving_source_is_trained_on_with_its_landmarks_flow() -> None:
    terms, pictures = toy("2").losses(drawn_batch(2, 2, moving=True), 0, 10)
    total(terms).backward()
    assert pictures.shape == (2, 2, 3, 64, 64)


def test_statistics_stand_still_on_clips_and_at_the_end_of_a_stage() -> None:
    def statistics(network: nn.Module) -> list[torch.Tensor]:
        return [b.clone() for name, b in network.named_buffers() if "running_mean" in name]

    for stage, frames, step, stands in (("1a", 1, 0, False), ("1a", 1, 8, True), ("2", 2, 0, True)):
        recipe = toy(stage)
        before = statistics(recipe.network)
        recipe.losses(drawn_batch(2, frames), step, 10)
        pairs = zip(before, statistics(recipe.network), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs) == stands


def test_in_stage_2_estimator_and_motion_learn_at_a_tenth() -> None:
    recipe = toy("2")
    groups = recipe.parameter_groups(recipe.network)
    assert [group.get("share", 1.0) for group in groups] == [1.0, 0.1]
    assert isinstance(recipe.network, PECHead)
    slow = {id(p) for p in groups[1]["params"]}
    assert slow == {id(p) for p in motion_parameters(recipe.network)}
    assert {id(p) for p in recipe.network.estimator.parameters()} < slow
    both = [id(p) for group in groups for p in group["params"]]
    assert sorted(both) == sorted(id(p) for p in recipe.network.parameters())


def test_the_discriminator_learns_to_tell_drawn_from_real() -> None:
    recipe = toy("1b")
    batch = drawn_batch(4)
    with torch.no_grad():
        _, pictures = recipe.losses(batch, 1, 10)
    assert recipe.discriminator is not None
    adam = torch.optim.Adam(recipe.discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    losses: list[float] = []
    for _ in range(30):
        loss = recipe.discriminator_loss(batch, pictures)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
    assert losses[0] == pytest.approx(4, abs=0.3)  # nothing is told apart: 1 + 1 at each scale
    assert losses[-1] < 0.8 * losses[0]


def test_the_gradient_penalty_comes_every_sixteenth_step() -> None:
    torch.manual_seed(0)
    weights = replace(WEIGHTS, penalty=1e4, augment=False)
    recipe = pechead_recipe(PRESETS["toy"], "1b", weights)
    batch = drawn_batch()
    seen: list[float] = []
    for step in (0, 1, 15, 16):
        with torch.no_grad():
            _, pictures = recipe.losses(batch, step, 100)
        seen.append(float(recipe.discriminator_loss(batch, pictures).detach()))
    assert min(seen[0], seen[3]) > 2 * max(seen[1], seen[2])


def test_only_stages_1b_and_2_have_a_discriminator_and_only_with_a_weight() -> None:
    assert [toy(stage).discriminator is not None for stage in ("0", "1a", "1b", "2")] == [
        False,
        False,
        True,
        True,
    ]
    without = pechead_recipe(PRESETS["toy"], "1b", replace(WEIGHTS, adversarial=0.0))
    assert without.discriminator is None
    assert without.adversarial_weight(9, 10) == 0
    assert toy("1b").adversarial_weight(9, 10) == WEIGHTS.adversarial


def test_an_upscaling_network_is_refused() -> None:
    with pytest.raises(InputError, match="upscale"):
        pechead_recipe(replace(PRESETS["toy"], upscale=2), "1a", WEIGHTS)
