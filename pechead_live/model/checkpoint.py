"""Checkpoints: weights with what is needed to know what they are, in safetensors and nothing else.

One file, or for weights that must travel in pieces several parts and an index (`checkpoint_parts`).
Its metadata say the kind of network, the preset, the dimensions, the format version, and whatever
the writer adds.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from pechead_live.destination import check_destination
from pechead_live.errors import InputError
from pechead_live.model.checkpoint_parts import INDEX_ENDING, read_parts, write_parts
from pechead_live.model.tensor_file import (
    TensorFile,
    check_finite,
    load_into,
    read_tensors,
    write_tensors,
)

__all__ = [
    "Checkpoint",
    "dimensions_of",
    "dimensions_text",
    "load_checkpoint",
    "load_into",
    "save_checkpoint",
]

FORMAT = "pechead-live checkpoint"
FORMAT_VERSION = 1

KINDS = ("pechead", "lite", "reconstructor", "discriminator", "baseline")

CUSTOM = "custom"
"""Preset of dimensions that are none of the presets."""

ENDING = ".safetensors"

DimensionsType = TypeVar("DimensionsType")


class Checkpoint(NamedTuple):
    """Weights and what they are."""

    kind: str
    """One of `KINDS`."""

    preset: str
    """Name of the preset that the dimensions are, or "custom"."""

    dimensions: str
    """The dimensions as JSON; `dimensions_of` makes the dataclass again."""

    tensors: dict[str, Tensor]
    """Name to tensor, on the CPU, float32 where they are fractions."""

    extra: dict[str, str]
    """What the writer added, such as the step and the data."""


def save_checkpoint(
    path: Path,
    tensors: Mapping[str, Tensor],
    kind: str,
    dimensions: Any,
    extra: Mapping[str, str] | None = None,
    *,
    preset: str | None = None,
    half: bool = False,
    part_bytes: int | None = None,
) -> None:
    """Writes ``tensors``, a state dict, of a network made with the dataclass ``dimensions``.

    ``preset`` is the name of these dimensions; None takes their own field ``preset``, if any.
    ``half`` stores matrices and kernels as float16; vectors (biases, statistics) stay float32.
    ``part_bytes``: cut into parts of at most this size beside ``path``, a name.safetensors, and
    write name.safetensors.index.json. Raises `OutputError`, and `InputError` when a weight is not
    finite, before anything is written.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind}")
    check_destination(path, (ENDING,))
    check_finite(path, tensors)
    if half:
        tensors = {name: _halved(tensor) for name, tensor in tensors.items()}
        check_half(path, tensors)
    metadata = {
        "format": FORMAT,
        "version": str(FORMAT_VERSION),
        "kind": kind,
        "preset": preset or getattr(dimensions, "preset", CUSTOM),
        "dimensions": dimensions_text(dimensions),
        "extra": json.dumps(dict(extra or {}), sort_keys=True),
    }
    if part_bytes is None:
        write_tensors(path, tensors, metadata)
    else:
        write_parts(path, tensors, metadata, part_bytes)


def load_checkpoint(path: Path, kind: str, preset: str | None = None) -> Checkpoint:
    """Reads a checkpoint of ``kind`` and, unless None, of ``preset``; else `InputError`.

    ``path`` is a safetensors file or the index of a checkpoint in parts.
    """
    file = read_parts(path) if path.name.endswith(INDEX_ENDING) else read_tensors(path)
    checkpoint = _checked(path, file)
    if checkpoint.kind != kind:
        raise InputError(
            f"{path} is a checkpoint of kind '{checkpoint.kind}', not '{kind}': give another"
        )
    if preset is not None and checkpoint.preset != preset:
        raise InputError(
            f"{path} is a checkpoint of preset '{checkpoint.preset}', not '{preset}': "
            "give another, or ask for its own preset"
        )
    return checkpoint


def dimensions_text(dimensions: Any) -> str:
    """The dataclass ``dimensions`` as JSON, always in the same order."""
    return json.dumps(dataclasses.asdict(dimensions), sort_keys=True)


def dimensions_of(checkpoint: Checkpoint, dimensions: type[DimensionsType]) -> DimensionsType:
    """The dimensions that the checkpoint was saved with, as their dataclass."""
    try:
        fields: dict[str, Any] = json.loads(checkpoint.dimensions)
        return dimensions(
            **{name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()}
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"the dimensions of this {checkpoint.kind} checkpoint do not fit this program "
            f"({error}): it is of another version, train it anew"
        ) from error


def _checked(path: Path, file: TensorFile) -> Checkpoint:
    metadata = file.metadata
    if metadata.get("format") != FORMAT:
        raise InputError(
            f"{path} is a safetensors file but no checkpoint of this program: "
            "give one that 'pechead-live train' wrote"
        )
    if metadata.get("version") != str(FORMAT_VERSION):
        raise InputError(
            f"{path} is a checkpoint of format {metadata.get('version')}, this program reads "
            f"format {FORMAT_VERSION}: use the program that wrote it"
        )
    if "part" in metadata:
        raise InputError(
            f"{path} is part {metadata['part']} of a checkpoint: give its {INDEX_ENDING} file"
        )
    try:
        extra: dict[str, str] = json.loads(metadata["extra"])
        return Checkpoint(
            metadata["kind"], metadata["preset"], metadata["dimensions"], file.tensors, extra
        )
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{path} is a checkpoint whose description is damaged ({error}): copy it again"
        ) from error


def _halved(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.dtype == torch.float32 and tensor.ndim > 1 else tensor


def check_half(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """`InputError` names the first tensor that float16 cannot hold."""
    for name, tensor in tensors.items():
        if tensor.dtype == torch.float16 and not bool(torch.isfinite(tensor).all()):
            raise InputError(
                f"{name} has values beyond float16: save {path} without halving the weights"
            )
