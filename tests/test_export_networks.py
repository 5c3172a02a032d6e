"""What is exported: folded normalisations, parts of every setting, untrained weights."""

import dataclasses

import pytest
import torch
from pechead_samples import PLAIN, TOY, drive, play, source_of
from torch import nn

from engines.manifest import NEXT
from export.parts.folding import folded
from export.parts.networks import UNTRAINED, parts_of, untrained
from export.parts.pechead import pechead_parts
from export.parts.shaken import shaken
from pechead_live.model.dimensions import SETTINGS, Dimensions
from pechead_live.model.pechead import PECHead
from pechead_live.model.residual import ResBlock
from pechead_live.model.resnet import ResNet50

TOYS = ("toy", "lite-toy", "reconstructor-toy")


def norms(network: nn.Module) -> list[str]:
    return [name for name, each in network.named_modules() if isinstance(each, nn.BatchNorm2d)]


@pytest.mark.parametrize("dimensions", [TOY, PLAIN], ids=["after", "before"])
def test_folded_it_draws_the_same(dimensions: Dimensions):
    network = shaken(PECHead(dimensions)).eval()
    before, _ = play(network, source_of(network), drive(2))
    small = folded(network)
    after, _ = play(small, source_of(small), drive(2))
    for one, other in zip(before, after, strict=True):
        assert other.picture.numpy() == pytest.approx(one.picture.numpy(), abs=1e-5)
    assert len(norms(network)) > len(norms(small))


def test_only_what_stands_after_an_addition_is_left():
    assert norms(folded(PECHead(TOY))) == []
    plain = folded(PECHead(PLAIN))
    first = [f"{name}.norm1" for name, each in plain.named_modules() if isinstance(each, ResBlock)]
    assert set(norms(plain)) == {*first, "decoder.last.0"}


def test_a_resnet_folds_as_a_whole():
    torch.manual_seed(0)
    trunk = shaken(ResNet50()).eval()
    small = folded(trunk)
    picture = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = trunk(picture)
        assert small(picture).numpy() == pytest.approx(expected.numpy(), rel=1e-3, abs=1e-4)
    assert norms(small) == []


def test_folding_leaves_the_network_itself_as_it_was():
    network = PECHead(TOY).train()
    before = {name: each.clone() for name, each in network.state_dict().items()}
    folded(network)
    after = network.state_dict()
    assert network.training
    assert list(after) == list(before)
    assert all(torch.equal(each, before[name]) for name, each in after.items())


@pytest.mark.parametrize("name", TOYS)
def test_a_part_says_what_its_module_takes_and_gives(name: str):
    for part in parts_of(untrained(name)):
        with torch.no_grad():
            results = part.module(*part.inputs.values())
        assert len(results) == len(part.outputs)
        assert not any(module.training for module in part.module.modules())
        given = dict(zip(part.outputs, results, strict=True))
        for output, result in given.items():
            if (taken := output.removeprefix(NEXT)) != output:
                assert result.shape == part.inputs[taken].shape
                assert result.dtype == part.inputs[taken].dtype


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_has_no_ports_for_what_it_lacks(setting: str):
    dimensions = dataclasses.replace(TOY, setting=setting)
    parts = {part.name: part for part in pechead_parts(PECHead(dimensions), "uint8")}
    keypoints = setting != "lmk"
    assert ("estimator" in parts) == keypoints
    for names in (parts["source"].outputs, parts["step"].inputs):
        assert ("source_keypoints" in names) == keypoints
        assert ("source_low" in names) == (setting in ("mmfa", "full"))
    with torch.no_grad():
        source = parts["source"].module(*parts["source"].inputs.values())
        taken = parts["step"].inputs | dict(zip(parts["source"].outputs, source, strict=True))
        picture, level, *state = parts["step"].module(*taken.values())
    assert list(taken) == list(parts["step"].inputs)
    assert picture.dtype == torch.uint8 and bool(torch.isfinite(level))
    assert [each.shape for each in state] == [
        port.shape for name, port in taken.items() if name.startswith("state_")
    ]


@pytest.mark.parametrize("name", TOYS)
def test_untrained_weights_are_of_their_seed_and_hide_nothing(name: str):
    first, again, other = untrained(name), untrained(name), untrained(name, seed=1)
    assert (first.checkpoint_sha256, other.checkpoint_sha256) == (
        "untrained seed 0",
        "untrained seed 1",
    )
    pairs = zip(first.module.parameters(), again.module.parameters(), strict=True)
    assert all(torch.equal(one, two) for one, two in pairs)
    others = dict(other.module.named_parameters())
    same = [n for n, each in first.module.named_parameters() if torch.equal(each, others[n])]
    assert set(same) <= {"keypoints.points"}  # of the mean head
    zeros = [n for n, each in first.module.named_parameters() if (each == 0).float().mean() > 0.1]
    assert zeros == []


def test_untrained_weights_leave_the_random_numbers_of_others_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    untrained("reconstructor-toy")
    assert torch.rand(1) == expected


def test_every_preset_of_untrained_weights_is_of_a_kind_that_is_exported():
    kinds = {name: untrained(name).kind for name in TOYS}
    assert kinds == {"toy": "pechead", "lite-toy": "lite", "reconstructor-toy": "reconstructor"}
    assert {"paper", "base", "lite-s", "lite-m", "resnet50", "lite0"} <= set(UNTRAINED)
