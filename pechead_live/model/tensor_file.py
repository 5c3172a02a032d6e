"""Tensors with names in one safetensors file: the only form in which weights are read or written.

A pickle (`.pt`, `.pth`) may run code when it is read, so it is refused whoever made it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from pechead_live.errors import InputError
from pechead_live.whole_file import write_whole

PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How files of torch.save begin: a zip with a pickle inside, or (old) the pickle itself."""


class TensorFile(NamedTuple):
    """What a file holds."""

    tensors: dict[str, Tensor]
    """On the CPU; float32 where they are fractions, whatever the file has."""

    metadata: dict[str, str]
    """What its writer noted."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Writes the file complete or not at all and returns its bytes. Raises `OutputError`."""
    content = save(
        {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()},
        dict(metadata),
    )
    write_whole(path, content)
    return content


def read_tensors(path: Path) -> TensorFile:
    """Reads one safetensors file; `InputError` if it is missing, broken or something else."""
    return parse_tensors(path, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of ``path``, which is there and not empty; else `InputError`."""
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}): give the path of a file") from error
    if not content:
        raise InputError(f"{path} is empty: copy it again")
    return content


def parse_tensors(path: Path, content: bytes) -> TensorFile:
    """What ``content``, read from ``path``, holds."""
    if content.startswith(PICKLES):
        raise InputError(
            f"{path} is a pickle, which may run code when it is read: "
            "give a safetensors file instead"
        )
    try:
        tensors = load(content)
        length = int.from_bytes(content[:8], "little")
        metadata: dict[str, str] = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    except (SafetensorError, KeyError, ValueError) as error:
        raise InputError(
            f"{path} is not a safetensors file, or cut off ({error}): copy it again"
        ) from error
    wide = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }
    check_finite(path, wide)
    return TensorFile(wide, metadata)


def check_finite(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """`InputError` names the first tensor that is not finite."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise InputError(
                f"{name} is not finite in {path}: these weights are of a run that diverged, "
                "take an earlier checkpoint"
            )


def load_into(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copies ``tensors`` into ``module``, which must have just these; else `InputError`.

    The sentence names the first tensor that is missing, does not fit or has no place; the module
    is then as it was.
    """
    own = module.state_dict()
    for name, tensor in own.items():
        if name not in tensors:
            raise InputError(f"the weights lack {name} {tuple(tensor.shape)}: {_ADVICE}")
        found = tensors[name]
        if found.shape != tensor.shape:
            raise InputError(
                f"{name} has shape {tuple(found.shape)} and should have {tuple(tensor.shape)}: "
                f"{_ADVICE}"
            )
        if found.is_floating_point() != tensor.is_floating_point():
            raise InputError(
                f"{name} holds {found.dtype} and should hold {tensor.dtype}: {_ADVICE}"
            )
    for name in tensors:
        if name not in own:
            raise InputError(f"the weights have {name}, which the network lacks: {_ADVICE}")
    module.load_state_dict(dict(tensors))


_ADVICE = "they are of another network or other dimensions, give those that belong to it"
