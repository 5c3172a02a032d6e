"""FID's Inception-v3 with made-up weights: pytorch-fid's numbers, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.features import features_of
from pechead_live.evaluation.metrics.inception_trunk import InceptionV3, load_inception


def made_up() -> dict[str, Tensor]:
    """Weights by a formula, under the published names."""
    shapes = {k: x.shape for k, x in InceptionV3().state_dict().items() if "num_batches" not in k}
    shapes |= {"fc.weight": torch.Size((1008, 2048)), "fc.bias": torch.Size((1008,))}
    tensors: dict[str, Tensor] = {}
    for number, (name, shape) in enumerate(sorted(shapes.items())):
        if name.startswith("fc."):
            tensors[name] = torch.zeros(shape)
            continue
        wave = np.sin(np.arange(shape.numel(), dtype=np.float64) * 1.7 + number)
        if len(shape) == 4:
            wave *= 2 / np.sqrt(np.prod(shape[1:]))
        elif name.endswith(("bn.weight", "running_var")):
            wave = 1 + wave / 2
        else:
            wave *= 0.1
        tensors[name] = torch.from_numpy(wave.reshape(shape).astype(np.float32))
    return tensors


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inception") / "inception.safetensors"
    save_file(made_up(), path)
    return path


def test_features_are_those_of_pytorch_fid(weights: Path) -> None:
    # computed with pytorch-fid 0.3.0 on torchvision 0.28.0 and the same made-up weights
    row, column = np.mgrid[:64, :64]
    picture = np.stack([row + column, 3 * column, row * column // 64], axis=-1).astype(np.uint8)
    features = features_of(load_inception(weights), [picture])[0]
    assert features.shape == (2048,)
    assert features[[0, 1, 1000, 2047]] == pytest.approx([1.7834, 1.0066, 0.0139, 1.6284], abs=2e-3)
    assert np.linalg.norm(features) == pytest.approx(15.5404, abs=2e-2)
    assert features.argmax() == 1862


def test_it_has_the_published_number_of_parameters() -> None:
    assert sum(x.numel() for x in InceptionV3().parameters()) == 21_785_568


def test_torchvision_s_weights_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "torchvision.safetensors"
    save_file({"fc.bias": torch.zeros(1000)}, path)
    with pytest.raises(InputError, match="1000 classes, FID's have 1008"):
        load_inception(path)


def test_weights_that_lack_a_layer_are_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    save_file({"fc.bias": torch.zeros(1008)}, path)
    with pytest.raises(InputError, match=r"lacks Conv2d_1a_3x3\.conv\.weight and \d+ more"):
        load_inception(path)


def test_a_pickle_or_nothing_is_refused_with_what_to_do(tmp_path: Path) -> None:
    pickle = tmp_path / "pt_inception.pth"
    torch.save({"fc.bias": torch.zeros(1008)}, pickle)
    for path in (pickle, tmp_path / "none.safetensors"):
        with pytest.raises(InputError, match="save_file"):
            load_inception(path)
