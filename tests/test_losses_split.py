"""A batch that is split over processes has the loss that it has in one piece."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from drawn_heads import drawn_batch
from small_trunk import small_trunk
from torch import Tensor

from pechead_live.model.baseline.dimensions import PRESETS as BASELINES
from pechead_live.model.dimensions import PRESETS
from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.model.pechead import PECHead
from pechead_live.model.warp import identity_grid
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.perceptual import perceptual_loss
from pechead_live.training.losses.pixel import masked_l1, pixel_loss
from pechead_live.training.losses.trunk import LAYERS
from pechead_live.training.losses.warping import endpoint_error
from pechead_live.training.losses.weights import LOSSES
from pechead_live.training.recipes.baseline import baseline_recipe
from pechead_live.training.recipes.lite import lite_recipe
from pechead_live.training.recipes.pechead import pechead_recipe
from pechead_live.training.recipes.recipe import Recipe
from pechead_live.training.recipes.reconstructor import mean_of_faces

CALM = replace(LOSSES["base"], equivariance=0.0, augment=False)
"""Without what each process draws by lot."""


def pictures(count: int, seed: int) -> Tensor:
    """(count, 3, 32, 32), each darker than the one before."""
    noise = torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    return noise * torch.linspace(1, 0.2, count)[:, None, None, None]


def masks(count: int) -> Tensor:
    """(count, 1, 32, 32): the first sees one row, each further one two rows more."""
    rows = torch.arange(32)[None, None, :, None]
    return (rows <= 2 * torch.arange(count)[:, None, None, None]).float().expand(-1, -1, -1, 32)


def flows(count: int) -> Tensor:
    """(count, 32, 32, 2), each farther from the identity than the one before."""
    still = identity_grid(32, 32, torch.zeros(1))
    return still + 0.1 * torch.arange(1.0, count + 1)[:, None, None, None]


def perceptual(drawn: Tensor, truth: Tensor, mask: Tensor, flow: Tensor) -> Tensor:
    return perceptual_loss(small_trunk(), drawn, truth, scales=(1.0, 0.5), layers=LAYERS)


Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
LOSS_FUNCTIONS: dict[str, Loss] = {
    "pixel": lambda drawn, truth, mask, flow: pixel_loss(drawn, truth, 1 + 3 * mask),
    "masked": lambda drawn, truth, mask, flow: masked_l1(drawn, truth, mask),
    "perceptual": perceptual,
    "endpoint": lambda drawn, truth, mask, flow: endpoint_error(
        flow, identity_grid(32, 32, flow), mask[:, 0]
    ),
    "present": lambda drawn, truth, mask, flow: mean_of_faces(
        (drawn - truth).abs().flatten(1), (mask.sum(dim=(1, 2, 3)) < 100).float(), 0.9
    ),
}


@pytest.mark.parametrize("name", LOSS_FUNCTIONS)
def test_a_batch_s_loss_is_the_mean_of_its_examples_losses(name: str) -> None:
    given = (pictures(4, 1), pictures(4, 2), masks(4), flows(4))
    whole = LOSS_FUNCTIONS[name](*given)
    each = [LOSS_FUNCTIONS[name](*(part[i : i + 1] for part in given)) for i in range(4)]
    assert len({round(float(one), 4) for one in each}) > 1
    torch.testing.assert_close(whole, torch.stack(each).mean(), rtol=1e-5, atol=1e-6)


PLACED = replace(LOSSES["lite"], detail=0.0)
"""Without the loss whose crops lie elsewhere every time."""


def uneven(count: int, frames: int) -> Batch:
    """Heads of different sizes and brightness."""
    batch = drawn_batch(count, frames, seed=3)
    weaker = torch.linspace(1, 0.3, count)[:, None, None, None]
    return batch._replace(
        truth_landmarks=batch.truth_landmarks * weaker,
        driving=batch.driving * weaker[..., None],
        guide_share=batch.guide_share * weaker,
    )


def recipes() -> dict[str, Recipe]:
    """Each with weights that do something."""
    trunk, toy = small_trunk(), PRESETS["toy"]
    torch.manual_seed(0)
    made: dict[str, Recipe] = {
        "0": pechead_recipe(toy, "0", CALM),
        "2": pechead_recipe(toy, "2", CALM, trunk),
        "lite": lite_recipe(LITE_PRESETS["toy"], PLACED, PECHead(toy), trunk),
        "baseline": baseline_recipe(
            BASELINES["baseline-toy"],
            replace(LOSSES["baseline"], equivariance=0.0, jacobian=0.0),
            trunk,
        ),
    }
    with torch.no_grad():
        for recipe in made.values():
            for parameter in recipe.network.parameters():
                parameter += 0.02 * torch.randn_like(parameter)
    return made


@pytest.mark.parametrize("name", ["0", "2", "lite", "baseline"])
@torch.no_grad()
def test_every_term_of_a_recipe_is_the_mean_of_the_halves_terms(name: str) -> None:
    recipe, batch = recipes()[name], uneven(4, 2)
    if recipe.discriminator is not None:
        recipe.discriminator.eval()  # or its norms go on from call to call
    halves = [Batch(*(value[at : at + 2] for value in batch)) for at in (0, 2)]
    whole, *parts = [played(recipe, each) for each in (batch, *halves)]
    assert whole.keys() == parts[0].keys() and whole
    for term, value in whole.items():
        both = (parts[0][term] + parts[1][term]) / 2
        torch.testing.assert_close(value, both, rtol=1e-4, atol=1e-5, msg=f"{term} is not linear")


def played(recipe: Recipe, batch: Batch) -> dict[str, Tensor]:
    """The terms at a step when normalisation stands still, every time with the same chances."""
    random.seed(1)
    return recipe.losses(batch, 9, 10)[0]
