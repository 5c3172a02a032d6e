"""A checkpoint cut into parts, for places that take no large file, and the index that joins them.

Beside ``name.safetensors.index.json`` lie ``name-00001-of-00003.safetensors`` and so on; the index
holds the metadata and each part's SHA-256. It is written last: without it there is no checkpoint.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pechead_live.errors import InputError
from pechead_live.model.tensor_file import TensorFile, parse_tensors, read_bytes, write_tensors
from pechead_live.whole_file import write_whole

INDEX_ENDING = ".safetensors.index.json"

PART_BYTES = 16 * 10**6
"""Usual size of a part at most, 16 MB."""

PIECE = "::"
"""Between the name of a tensor that is larger than a part and the number of its piece."""

HEADER_BYTES = 256 * 1024
"""What names and shapes may take of a part."""


def write_parts(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str], part_bytes: int
) -> Path:
    """Writes the parts and then the index, whose path is returned. Raises `OutputError`."""
    name = path.name.removesuffix(".safetensors")
    room = max(part_bytes - HEADER_BYTES, part_bytes // 2)
    parts = _packed(_pieces(tensors, room), room)
    entries: list[dict[str, str]] = []
    for i, part in enumerate(parts, start=1):
        file = path.with_name(f"{name}-{i:05}-of-{len(parts):05}.safetensors")
        content = write_tensors(file, part, {**metadata, "part": f"{i} of {len(parts)}"})
        entries.append({"file": file.name, "sha256": hashlib.sha256(content).hexdigest()})
    index = path.with_name(name + INDEX_ENDING)
    text = json.dumps({"metadata": dict(metadata), "parts": entries}, indent=1)
    write_whole(index, text.encode())
    return index


def read_parts(index: Path) -> TensorFile:
    """Joins the parts that ``index`` lists; `InputError` if one is missing or not the same."""
    metadata, parts = _read_index(index)
    tensors: dict[str, Tensor] = {}
    for file, expected in parts:
        path = index.with_name(file)
        content = read_bytes(path)
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            raise InputError(
                f"{path} has SHA-256 {found}, its index {index.name} says {expected}: "
                "copy both again"
            )
        tensors.update(parse_tensors(path, content).tensors)
    return TensorFile(_joined(index, tensors), metadata)


def _read_index(index: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    try:
        content: dict[str, Any] = json.loads(read_bytes(index))
        metadata = {str(key): str(value) for key, value in content["metadata"].items()}
        parts = [(str(part["file"]), str(part["sha256"])) for part in content["parts"]]
    except InputError:
        raise
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InputError(
            f"{index} is not the index of a checkpoint, or damaged ({error}): copy it again"
        ) from error
    for file, _ in parts:
        if "/" in file or "\\" in file or not file.endswith(".safetensors"):
            raise InputError(
                f"{index} names '{file}', which is no part beside it: give another checkpoint"
            )
    return metadata, parts


def _pieces(tensors: Mapping[str, Tensor], room: int) -> Iterable[tuple[str, Tensor]]:
    """Tensors as they are, those larger than ``room`` bytes cut along their first dimension."""
    for name, tensor in tensors.items():
        if PIECE in name:
            raise ValueError(f"the tensor name {name} must not contain {PIECE}")
        if tensor.nbytes <= room:
            yield name, tensor
            continue
        rows = max(1, room * len(tensor) // tensor.nbytes)
        for i, piece in enumerate(tensor.split(rows)):
            yield f"{name}{PIECE}{i}", piece


def _packed(pieces: Iterable[tuple[str, Tensor]], room: int) -> list[dict[str, Tensor]]:
    """Pieces in their order, as many to a part as have room."""
    parts: list[dict[str, Tensor]] = [{}]
    used = 0
    for name, piece in pieces:
        if parts[-1] and used + piece.nbytes > room:
            parts.append({})
            used = 0
        parts[-1][name] = piece
        used += piece.nbytes
    return parts


def _joined(index: Path, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors whole again."""
    pieces: dict[str, dict[int, Tensor]] = {}
    for key, tensor in tensors.items():
        name, _, number = key.partition(PIECE)
        pieces.setdefault(name, {})[int(number or 0)] = tensor
    whole: dict[str, Tensor] = {}
    for name, found in pieces.items():
        if sorted(found) != list(range(len(found))):
            raise InputError(f"{index} lacks a piece of {name}: copy the checkpoint again")
        ordered = [found[i] for i in range(len(found))]
        whole[name] = ordered[0] if len(ordered) == 1 else torch.cat(ordered)
    return whole
