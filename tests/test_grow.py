"""A larger lite network begins as what a smaller one has learned."""

from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
import torch
from lite_samples import clip_of, draw, shaken

from pechead_live.errors import InputError
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into, save_checkpoint
from pechead_live.model.lite.dimensions import LITE_PRESETS, LiteDimensions
from pechead_live.model.lite.network import Lite
from pechead_live.training.config import TrainConfig
from pechead_live.training.distributed import Processes
from pechead_live.training.grow import grown
from pechead_live.training.learner import Learner
from pechead_live.training.losses.weights import LOSSES
from pechead_live.training.recipes.lite import lite_recipe
from pechead_live.training.start import begin

TOY = LITE_PRESETS["toy"]
WIDTHS = [field.name for field in fields(LiteDimensions) if field.name != "size"]
SHIPPED = Path(__file__).parent.parent / "pechead_live/weights/lite-s/lite-s.safetensors"
ALONE = Processes(0, 1, torch.device("cpu"))


def wider(*names: str) -> LiteDimensions:
    """The toy with more of ``names``, no two of them by the same number."""
    more = {name: getattr(TOY, name) + 3 + number for number, name in enumerate(names)}
    for blocks in {"encoder_blocks", "decode_blocks"} & more.keys():
        more[blocks] = getattr(TOY, blocks) + 2
    return replace(TOY, **more)


def fresh(dimensions: LiteDimensions) -> Lite:
    torch.manual_seed(9)
    return Lite(dimensions).eval()


def from_small(small: Lite, dimensions: LiteDimensions) -> Lite:
    large = fresh(dimensions)
    load_into(large, grown(small, large))
    return large


def assert_same_pictures(small: Lite, large: Lite) -> None:
    clip = clip_of(small)
    expected, last = draw(small, clip)
    outputs, end = draw(large, clip)
    for output, wanted in zip(outputs, expected, strict=True):
        for name in wanted._fields:
            apart = (getattr(output, name) - getattr(wanted, name)).abs().max()
            assert apart < 1e-4, name
    assert last.hidden.abs().max() > 0.01
    assert (end.hidden[:, : last.hidden.shape[1]] - last.hidden).abs().max() < 1e-4


@pytest.mark.parametrize("name", WIDTHS)
def test_one_larger_dimension_leaves_the_pictures_as_they_are(name: str) -> None:
    small = shaken()
    assert_same_pictures(small, from_small(small, wider(name)))


def test_all_dimensions_may_grow_at_once() -> None:
    small = shaken()
    assert_same_pictures(small, from_small(small, wider(*WIDTHS)))


def test_lite_m_begins_as_the_lite_s_that_is_shipped() -> None:
    checkpoint = load_checkpoint(SHIPPED, "lite")
    small = Lite(dimensions_of(checkpoint, LiteDimensions)).eval()
    load_into(small, checkpoint.tensors)
    assert_same_pictures(small, from_small(small, LITE_PRESETS["lite-m"]))


def test_one_whose_batch_is_normalised_by_itself_draws_the_same_too() -> None:
    small = shaken()
    large = from_small(small, wider(*WIDTHS))
    clip = clip_of(small, frames=1)
    wanted, output = (draw(network.train(), clip)[0][0] for network in (small, large))
    assert (output.picture - wanted.picture).abs().max() < 1e-4


def test_all_new_weights_learn_within_a_few_steps() -> None:
    small, large = shaken(), fresh(wider(*WIDTHS))
    start = grown(small, large)
    load_into(large, start)
    clip = clip_of(small, frames=4)
    optimiser = torch.optim.Adam(large.train().parameters(), lr=1e-3)
    moved: dict[str, torch.Tensor] = {
        name: torch.zeros_like(each, dtype=torch.bool) for name, each in large.named_parameters()
    }
    for _ in range(4):
        source = large.encode(clip.portrait.expand(4, -1, -1, -1), clip.rest.expand(4, -1))
        state, loss = large.initial_state(4), torch.zeros(())
        for turn in (0, 1):
            given = (clip.conditions.roll(turn, 0), clip.pictures.roll(turn, 0))
            output, state = large.step(source, *given, clip.flows, clip.shares, state)
            loss = loss + output.picture.square().sum()
        optimiser.zero_grad()
        loss.backward()
        for name, parameter in large.named_parameters():
            assert parameter.grad is not None, name
            moved[name] |= parameter.grad != 0
        optimiser.step()
    kernels = {name: each.flatten(2) for name, each in moved.items() if each.ndim == 4}
    for name, each in kernels.items():
        assert each.any(2).any(1).float().mean() > 0.9, name  # outputs, old and new
        assert each.any(2).any(0).float().mean() > 0.9, name  # inputs
    assert moved["decoder.film.first.weight"].any(1)[-3:].any()  # some ReLUs are shut
    assert moved["decoder.film.second.weight"].any(0)[-3:].any()


@pytest.mark.parametrize("name", WIDTHS)
def test_a_network_does_not_shrink(name: str) -> None:
    small = replace(TOY, **{name: 1}) if getattr(TOY, name) > 1 else TOY
    large = fresh(TOY if small != TOY else wider(name))
    with pytest.raises(InputError, match=f"have {name} .*, the network to train"):
        grown(large, fresh(small))


def test_another_size_of_picture_is_refused() -> None:
    with pytest.raises(InputError, match="have size 64, the network to train 128"):
        grown(fresh(TOY), fresh(replace(TOY, size=128)))


def test_a_run_starts_from_smaller_weights_and_not_from_larger(tmp_path: Path) -> None:
    path, small = tmp_path / "small.safetensors", shaken()
    save_checkpoint(path, small.state_dict(), "lite", TOY, preset="toy")
    config = TrainConfig(
        preset="toy",
        stage="3",
        data=tmp_path,
        run=tmp_path / "run",
        steps=1,
        batch=1,
        learning_rate=1e-3,
        device="cpu",
        start=path,
    )
    weights = replace(LOSSES["lite"], perceptual=0.0, detail=0.0)
    recipe = lite_recipe(wider(*WIDTHS), weights)
    learner = Learner(recipe, config, ALONE)
    assert begin(learner, recipe, config).step == 0
    for network in (learner.network, learner.average):
        assert isinstance(network, Lite)
        assert_same_pictures(small, network.eval())
    less = LiteDimensions(**{**asdict(TOY), "hidden": 4})
    recipe = lite_recipe(less, weights)
    with pytest.raises(InputError, match="have hidden 8, the network to train 4"):
        begin(Learner(recipe, config, ALONE), recipe, config)
