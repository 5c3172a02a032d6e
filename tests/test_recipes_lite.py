"""Stage 3: lite learns from the truth and from a teacher."""

import random
from dataclasses import replace

import pytest
import torch
from drawn_heads import drawn_batch
from small_trunk import small_trunk

from pechead_live.errors import InputError
from pechead_live.model.dimensions import PRESETS
from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.model.pechead import PECHead
from pechead_live.training.batches.synthetic import SyntheticBatches
from pechead_live.training.losses.weights import LOSSES
from pechead_live.training.recipes.clips import backwards
from pechead_live.training.recipes.lite import lite_recipe
from pechead_live.training.recipes.recipe import Recipe

TOY = LITE_PRESETS["toy"]
WEIGHTS = replace(LOSSES["lite"], perceptual=0.0, detail=0.0)


def toy_recipe() -> Recipe:
    torch.manual_seed(0)
    return lite_recipe(TOY, WEIGHTS)


def test_untrained_lite_draws_what_the_guide_shows() -> None:
    batch = drawn_batch()
    recipe = toy_recipe()
    drawn = recipe.draw(recipe.network, batch)
    assert drawn.shape == batch.driving.shape
    assert float((drawn - batch.guide_picture).abs().max()) < 2 / 255


def test_lite_overfits_eight_pairs() -> None:
    batch = drawn_batch(8)
    recipe = toy_recipe()
    adam = torch.optim.Adam(recipe.network.parameters(), lr=3e-3)
    losses: list[float] = []
    for step in range(50):
        terms, drawn = recipe.losses(batch, step, 1000)
        loss = torch.stack(list(terms.values())).sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
    guide = float((batch.guide_picture - batch.driving).abs().mean())
    assert losses[-1] < 0.4 * losses[0]
    assert float((drawn.detach() - batch.driving).abs().mean()) < 0.8 * guide


def test_every_weight_of_the_network_gets_a_gradient() -> None:
    recipe = toy_recipe()
    # what starts at zero would keep the layers before it from a gradient
    for parameter in recipe.network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    terms, _ = recipe.losses(drawn_batch(2, frames=2), 0, 10)
    torch.stack(list(terms.values())).sum().backward()
    bare = [name for name, p in recipe.network.named_parameters() if p.grad is None]
    assert bare == []


def test_a_clip_played_first_keeps_no_weight_from_its_gradient_in_bfloat16() -> None:
    def gradients(chance: int) -> dict[str, float]:
        recipe = toy_recipe()
        for parameter in recipe.network.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        random.seed(chance)
        with torch.autocast("cpu", torch.bfloat16):
            terms, _ = recipe.losses(drawn_batch(2, frames=2), 9, 10)
        torch.stack([term.float() for term in terms.values()]).sum().backward()
        found = {name: p.grad for name, p in recipe.network.named_parameters()}
        return {name: float(g.norm()) for name, g in found.items() if g is not None}

    carried, plain = 1, 0  # what Python's chance says first: 0.13 and 0.84
    assert gradients(carried) and gradients(carried).keys() == gradients(plain).keys()


def test_a_term_of_weight_zero_is_left_out_and_the_trunk_is_not_looked_for() -> None:
    weights = replace(WEIGHTS, warping=0.0, painted=0.0, residual=0.0, eyes=0.0)
    terms, _ = lite_recipe(TOY, weights).losses(drawn_batch(), 0, 10)
    assert set(terms) == {"pixel", "mouth"}


def test_the_weights_weigh_their_terms() -> None:
    batch = drawn_batch()
    network = toy_recipe()
    once, _ = network.losses(batch, 9, 10)  # normalisation stands still: the same again
    torch.manual_seed(0)
    doubled = lite_recipe(TOY, replace(WEIGHTS, pixel=2 * WEIGHTS.pixel))
    doubled.network.load_state_dict(network.network.state_dict())
    twice, _ = doubled.losses(batch, 9, 10)
    assert float(twice["pixel"].detach()) == pytest.approx(2 * float(once["pixel"].detach()))
    assert float(twice["mouth"].detach()) == pytest.approx(float(once["mouth"].detach()))


def test_the_perceptual_term_uses_the_trunk_it_is_given() -> None:
    recipe = lite_recipe(TOY, LOSSES["lite"], trunk=small_trunk())
    terms, _ = recipe.losses(drawn_batch(), 0, 10)
    assert float(terms["perceptual"].detach()) > 0
    assert float(terms["detail"].detach()) > 0


def test_a_discriminator_of_crops_and_the_network_learn_against_each_other() -> None:
    torch.manual_seed(0)
    weights = replace(LOSSES["lite-sharp"], perceptual=0.0, detail=0.0, adversarial_ramp=0.0)
    recipe = lite_recipe(replace(TOY, size=256), weights)
    assert recipe.discriminator is not None and recipe.adversarial_weight(0, 10) > 0
    batch = SyntheticBatches(2, size=256).batch(0)
    terms, drawn = recipe.losses(batch, 0, 10)
    assert {"adversarial", "feature_matching"} <= terms.keys()
    (terms["adversarial"] + terms["feature_matching"]).backward()
    reached = [p for p in recipe.network.parameters() if p.grad is not None and p.grad.any()]
    assert reached
    recipe.discriminator.zero_grad()
    recipe.discriminator_loss(batch, drawn.detach()).backward()
    assert all(p.grad is not None for p in recipe.discriminator.parameters())


def test_a_picture_too_small_for_a_discriminator_of_crops_is_refused() -> None:
    with pytest.raises(InputError, match="crops of 16 pixels"):
        lite_recipe(TOY, replace(LOSSES["lite-sharp"], perceptual=0.0, detail=0.0))


def test_clips_have_a_temporal_term_and_pairs_do_not() -> None:
    recipe = toy_recipe()
    clip, pictures = recipe.losses(drawn_batch(2, frames=3), 0, 10)
    assert pictures.shape == (2, 3, 3, 64, 64)
    assert "temporal" in clip
    assert "temporal" not in recipe.losses(drawn_batch(2), 0, 10)[0]


def test_half_of_the_clips_start_from_a_state_that_was_carried() -> None:
    recipe = toy_recipe()
    for parameter in recipe.network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    batch = drawn_batch(2, frames=2)
    firsts: set[float] = set()
    for seed in range(12):
        random.seed(seed)
        with torch.no_grad():
            _, drawn = recipe.losses(batch, 9, 10)
        firsts.add(round(float(drawn[:, 0].double().sum()), 4))
    assert len(firsts) == 2


def test_a_clip_played_backwards_ends_where_the_clip_begins() -> None:
    batch = drawn_batch(2, frames=3)
    turned = backwards(batch)
    assert torch.equal(turned.driving_condition[:, -1], batch.driving_condition[:, 0])
    assert torch.equal(turned.guide_picture[:, 0], batch.guide_picture[:, -1])
    assert torch.equal(turned.source, batch.source)
    moving = drawn_batch(2, frames=3, moving=True)
    assert torch.equal(backwards(moving).source[:, 0], moving.source[:, -1])


def test_a_teacher_adds_its_terms_and_is_not_trained() -> None:
    torch.manual_seed(0)
    teacher = PECHead(PRESETS["toy"])
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    recipe = lite_recipe(TOY, WEIGHTS, teacher=teacher)
    terms, _ = recipe.losses(drawn_batch(), 0, 10)
    assert {"teacher_pixel", "teacher_flow"} <= set(terms)
    torch.stack(list(terms.values())).sum().backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())
    trained = {id(p) for group in recipe.parameter_groups(recipe.network) for p in group["params"]}
    assert trained == {id(p) for p in recipe.network.parameters()}


def test_drawing_leaves_the_network_in_evaluation_mode_and_without_gradients() -> None:
    recipe = toy_recipe()
    recipe.network.train()
    drawn = recipe.draw(recipe.network, drawn_batch())
    assert not recipe.network.training
    assert not drawn.requires_grad
