"""Checkpoints: what was saved is read, and everything else is refused in one sentence."""

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from pechead_live.errors import InputError, OutputError
from pechead_live.model.checkpoint import (
    Checkpoint,
    dimensions_of,
    load_checkpoint,
    load_into,
    save_checkpoint,
)
from pechead_live.model.discriminator import MultiScaleDiscriminator
from pechead_live.model.reconstructor import PRESETS, Reconstructor, ReconstructorDimensions

TOY = PRESETS["toy"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sizes:
    """Dimensions without a preset of their own."""

    widths: tuple[int, ...]


@pytest.fixture
def network() -> Reconstructor:
    torch.manual_seed(0)
    network = Reconstructor(TOY)
    for weight in network.parameters():
        torch.nn.init.normal_(weight)
    return network


@pytest.fixture
def saved(network: Reconstructor, tmp_path: Path) -> Path:
    path = tmp_path / "toy.safetensors"
    save_checkpoint(path, network.state_dict(), "reconstructor", TOY, {"step": "7"})
    return path


def test_a_checkpoint_is_read_as_it_was_saved(network: Reconstructor, saved: Path):
    found = load_checkpoint(saved, "reconstructor", "toy")
    assert (found.kind, found.preset, found.extra) == ("reconstructor", "toy", {"step": "7"})
    dimensions = dimensions_of(found, ReconstructorDimensions)
    assert dimensions == TOY
    again = Reconstructor(dimensions)
    load_into(again, found.tensors)
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    assert [entry.name for entry in saved.parent.iterdir()] == [saved.name]


def test_saving_and_loading_leaves_the_network_s_own_tensors_alone(tmp_path: Path):
    weight = torch.arange(6.0).reshape(2, 3)
    tied = {"a": weight, "b": weight, "c": weight.T}  # shared memory, and not contiguous
    path = tmp_path / "tied.safetensors"
    save_checkpoint(path, tied, "lite", Sizes(widths=(1, 2)))
    found = load_checkpoint(path, "lite")
    assert found.preset == "custom"
    assert dimensions_of(found, Sizes) == Sizes(widths=(1, 2))
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in tied.items())


def test_the_preset_may_be_named_by_the_caller(tmp_path: Path):
    path = tmp_path / "s.safetensors"
    save_checkpoint(path, {"a": torch.zeros(1)}, "lite", Sizes(widths=()), preset="lite-s")
    assert load_checkpoint(path, "lite", "lite-s").preset == "lite-s"


def test_spectral_norm_s_memory_travels_too(tmp_path: Path):
    discriminator = MultiScaleDiscriminator(4)
    discriminator(torch.rand(1, 3, 64, 64))
    discriminator.eval()
    path = tmp_path / "d.safetensors"
    save_checkpoint(path, discriminator.state_dict(), "discriminator", Sizes(widths=(4,)))
    again = MultiScaleDiscriminator(4).eval()
    load_into(again, load_checkpoint(path, "discriminator").tensors)
    picture = torch.rand(1, 3, 64, 64)
    assert torch.equal(again(picture)[1].logits, discriminator(picture)[1].logits)


def test_half_the_size_in_float16_comes_back_as_float32(network: Reconstructor, tmp_path: Path):
    whole, half = tmp_path / "whole.safetensors", tmp_path / "half.safetensors"
    state = network.state_dict()
    save_checkpoint(whole, state, "reconstructor", TOY)
    save_checkpoint(half, state, "reconstructor", TOY, half=True)
    assert half.stat().st_size < 0.7 * whole.stat().st_size
    found = load_checkpoint(half, "reconstructor").tensors
    for name, tensor in state.items():
        assert found[name].dtype == tensor.dtype
        exact = tensor.ndim < 2  # biases and statistics are few and need their digits
        assert torch.equal(found[name], tensor if exact else tensor.half().float()), name


def test_what_float16_cannot_hold_is_refused_before_it_is_written(tmp_path: Path):
    path = tmp_path / "large.safetensors"
    with pytest.raises(InputError, match=r"large\.weight has values beyond float16"):
        save_checkpoint(
            path, {"large.weight": torch.full((2, 2), 1e6)}, "lite", Sizes(widths=()), half=True
        )
    assert not path.exists()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_neither_written_nor_read(
    saved: Path, tmp_path: Path, bad: float
):
    before = saved.read_bytes()
    tensors = {"fine": torch.zeros(2), "broken": torch.tensor([0, bad])}
    with pytest.raises(InputError, match="broken is not finite"):
        save_checkpoint(saved, tensors, "lite", Sizes(widths=()))
    assert saved.read_bytes() == before
    save_file(tensors, tmp_path / "nan.safetensors")
    with pytest.raises(InputError, match="broken is not finite"):
        load_checkpoint(tmp_path / "nan.safetensors", "lite")


def test_a_place_that_cannot_be_written_is_said_before(tmp_path: Path):
    tensors = {"a": torch.zeros(1)}
    for path in (tmp_path / "no" / "a.safetensors", tmp_path / "a.pt", tmp_path):
        with pytest.raises(OutputError, match=path.name):
            save_checkpoint(path, tensors, "lite", Sizes(widths=()))


def test_another_kind_or_preset_is_named(saved: Path):
    with pytest.raises(InputError, match="kind 'reconstructor', not 'pechead'"):
        load_checkpoint(saved, "pechead")
    with pytest.raises(InputError, match="preset 'toy', not 'lite0'"):
        load_checkpoint(saved, "reconstructor", "lite0")


def test_files_that_are_something_else_are_refused(saved: Path, tmp_path: Path):
    def file(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    content = saved.read_bytes()
    torch.save({"a": torch.zeros(2)}, tmp_path / "zip.pt")
    torch.save({"a": torch.zeros(2)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    (tmp_path / "folder").mkdir()
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    cases = {
        tmp_path / "missing.safetensors": "cannot be read",
        tmp_path / "folder": "cannot be read",
        Path("null\0.safetensors"): "cannot be read",
        file("empty.safetensors", b""): "is empty",
        file("few.safetensors", content[:5]): "cut off",
        file("short.safetensors", content[:-1]): "cut off",
        file("long.safetensors", content + b"x"): "not a safetensors file",
        file("text.safetensors", b"hello, this is no checkpoint at all"): "not a safetensors",
        tmp_path / "zip.pt": "is a pickle",
        tmp_path / "old.pth": "is a pickle",
        tmp_path / "foreign.safetensors": "no checkpoint of this program",
    }
    for path, said in cases.items():
        with pytest.raises(InputError, match=said):
            load_checkpoint(path, "reconstructor")


def changed_metadata(saved: Path, **changes: str | None) -> Path:
    content = saved.read_bytes()
    length = int.from_bytes(content[:8], "little")
    metadata: dict[str, Any] = json.loads(content[8 : 8 + length])["__metadata__"]
    path = saved.with_name("changed.safetensors")
    kept = {name: value for name, value in (metadata | changes).items() if value is not None}
    save_file(load_file(saved), path, kept)
    return path


def test_another_format_version_is_named(saved: Path):
    path = changed_metadata(saved, version="99")
    with pytest.raises(InputError, match=r"format 99, this program reads format 1"):
        load_checkpoint(path, "reconstructor")


@pytest.mark.parametrize(("name", "value"), [("kind", None), ("extra", "{")])
def test_a_damaged_description_is_refused(saved: Path, name: str, value: str | None):
    with pytest.raises(InputError, match="description is damaged"):
        load_checkpoint(changed_metadata(saved, **{name: value}), "reconstructor")


@pytest.mark.parametrize(
    "text", ['{"preset": "toy", "wings": 2}', "[]", "not json", '{"preset": "x", "size": 3}']
)
def test_dimensions_that_do_not_fit_are_refused(text: str):
    checkpoint = Checkpoint("reconstructor", "toy", text, {}, {})
    with pytest.raises(InputError, match="dimensions of this reconstructor checkpoint"):
        dimensions_of(checkpoint, ReconstructorDimensions)


def test_the_first_tensor_that_does_not_fit_is_named_and_nothing_is_changed():
    layer = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    good = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    other = {name: tensor + 1 for name, tensor in good.items()}
    lacking = {name: tensor for name, tensor in other.items() if name != "0.bias"}
    cases = {
        r"lack 0\.bias \(3,\)": lacking,
        r"0\.weight has shape \(3, 5\) and should have \(3, 2\)": other
        | {"0.weight": torch.zeros(3, 5)},
        r"have 2\.weight, which the network lacks": other | {"2.weight": torch.zeros(1)},
        r"1\.num_batches_tracked holds torch\.float32": other
        | {"1.num_batches_tracked": torch.tensor(1.0)},
    }
    for said, tensors in cases.items():
        with pytest.raises(InputError, match=said):
            load_into(layer, tensors)
        assert all(torch.equal(layer.state_dict()[name], good[name]) for name in good)
    load_into(layer, other)
    assert all(torch.equal(layer.state_dict()[name], other[name]) for name in other)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    path = tmp_path_factory.mktemp("damaged") / "a.safetensors"
    tensors = {"a": torch.arange(4.0), "b": torch.zeros(2, 2)}
    save_checkpoint(path, tensors, "lite", Sizes(widths=(1,)))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:at]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        dimensions_of(load_checkpoint(path, "lite"), Sizes)
