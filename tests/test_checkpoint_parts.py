"""Checkpoints in parts: small files, each with its SHA-256, joined by an index."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from pechead_live.errors import InputError
from pechead_live.model.checkpoint import load_checkpoint, save_checkpoint

LARGEST = 100_000
"""Bytes of a part here."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sizes:
    """Dimensions of a network that is only tensors."""

    preset: str = "toy"


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    """190 kB; `large` alone is larger than a part."""
    return {
        "first": torch.rand(20, 100),
        "large.weight": torch.rand(37, 10, 100),
        "count": torch.tensor(3),
        "last": torch.rand(70, 100),
    }


@pytest.fixture
def index(tensors: dict[str, torch.Tensor], tmp_path: Path) -> Path:
    path = tmp_path / "toy.safetensors"
    save_checkpoint(path, tensors, "lite", Sizes(), {"step": "3"}, part_bytes=LARGEST)
    return tmp_path / "toy.safetensors.index.json"


def first_part(index: Path) -> Path:
    return sorted(index.parent.glob("toy-00001-of-*.safetensors"))[0]


def test_parts_are_small_and_are_joined_again(tensors: dict[str, torch.Tensor], index: Path):
    parts = sorted(index.parent.glob("*.safetensors"))
    assert len(parts) >= 3
    assert [p.name for p in parts] == [
        f"toy-{i:05}-of-{len(parts):05}.safetensors" for i in range(1, len(parts) + 1)
    ]
    assert max(part.stat().st_size for part in parts) <= LARGEST
    assert sorted(index.parent.iterdir()) == sorted([*parts, index])
    found = load_checkpoint(index, "lite", "toy")
    assert found.extra == {"step": "3"}
    assert found.tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert torch.equal(found.tensors[name], tensor), name


def test_parts_in_float16_are_fewer(tensors: dict[str, torch.Tensor], index: Path):
    path = index.with_name("half.safetensors")
    save_checkpoint(path, tensors, "lite", Sizes(), half=True, part_bytes=LARGEST)
    found = load_checkpoint(index.with_name("half.safetensors.index.json"), "lite")
    assert torch.equal(found.tensors["last"], tensors["last"].half().float())
    halves, wholes = (list(index.parent.glob(f"{name}-*")) for name in ("half", "toy"))
    assert len(halves) < len(wholes)


def test_a_part_alone_is_refused_with_advice(index: Path):
    with pytest.raises(InputError, match=r"is part 1 of .*index\.json"):
        load_checkpoint(first_part(index), "lite")


def test_a_part_that_is_missing_changed_or_exchanged_is_named(index: Path):
    part = first_part(index)
    content = part.read_bytes()
    part.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=rf"{part.name} has SHA-256 \w+, its index"):
        load_checkpoint(index, "lite")
    part.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=rf"{part.name} has SHA-256"):
        load_checkpoint(index, "lite")
    part.write_bytes(b"")
    with pytest.raises(InputError, match=f"{part.name} is empty"):
        load_checkpoint(index, "lite")
    part.unlink()
    with pytest.raises(InputError, match=f"{part.name} cannot be read"):
        load_checkpoint(index, "lite")


def rewritten(index: Path, change: Any) -> Path:
    content = json.loads(index.read_text())
    change(content)
    index.write_text(json.dumps(content))
    return index


def test_an_index_that_lost_a_part_lacks_a_piece(index: Path):
    content = json.loads(index.read_text())
    cut = content["parts"][:1] + content["parts"][2:]
    index.write_text(json.dumps(content | {"parts": cut}))
    with pytest.raises(InputError, match=r"lacks a piece of large\.weight"):
        load_checkpoint(index, "lite")


@pytest.mark.parametrize("name", ["../toy.safetensors", "/etc/passwd", "a\\b.safetensors", "x.pt"])
def test_an_index_names_files_beside_it_only(index: Path, name: str):
    def point_elsewhere(content: Any) -> None:
        content["parts"][0]["file"] = name

    with pytest.raises(InputError, match="no part beside it"):
        load_checkpoint(rewritten(index, point_elsewhere), "lite")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"metadata": [], "parts": []}', '{"metadata": {}, "parts": [1]}']
)
def test_a_damaged_index_is_refused(tmp_path: Path, text: str):
    index = tmp_path / "toy.safetensors.index.json"
    index.write_text(text)
    with pytest.raises(InputError, match=r"toy\.safetensors\.index\.json is"):
        load_checkpoint(index, "lite")


def test_an_index_of_another_program_is_refused(tmp_path: Path):
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    index = tmp_path / "a.safetensors.index.json"
    index.write_text('{"metadata": {"total_size": 4}, "weight_map": {"a": "a.safetensors"}}')
    with pytest.raises(InputError, match="not the index of a checkpoint"):
        load_checkpoint(index, "lite")


def test_a_name_that_would_be_taken_for_a_piece_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="a::0"):
        save_checkpoint(
            tmp_path / "a.safetensors",
            {"a::0": torch.zeros(1)},
            "lite",
            Sizes(),
            part_bytes=LARGEST,
        )
