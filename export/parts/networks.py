"""Which network is exported: a checkpoint's, or an untrained one of a preset."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from engines.manifest import sha256_of
from export.parts.lite import lite_parts
from export.parts.part import Part
from export.parts.pechead import pechead_parts
from export.parts.reconstructor import reconstructor_parts
from export.parts.shaken import shaken
from pechead_live.errors import InputError
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into
from pechead_live.model.checkpoint_parts import INDEX_ENDING, read_parts
from pechead_live.model.dimensions import PRESETS, Dimensions
from pechead_live.model.lite.dimensions import LITE_PRESETS, LiteDimensions
from pechead_live.model.lite.network import Lite
from pechead_live.model.pechead import PECHead
from pechead_live.model.reconstructor import PRESETS as RECONSTRUCTOR_PRESETS
from pechead_live.model.reconstructor import Reconstructor, ReconstructorDimensions
from pechead_live.model.tensor_file import read_tensors

KINDS = ("lite", "pechead", "reconstructor")
"""What can be exported."""

UNTRAINED: dict[str, Callable[[], nn.Module]] = {
    **{name: partial(PECHead, dimensions) for name, dimensions in PRESETS.items()},
    "lite-s": partial(Lite, LITE_PRESETS["lite-s"]),
    "lite-m": partial(Lite, LITE_PRESETS["lite-m"]),
    "lite-toy": partial(Lite, LITE_PRESETS["toy"]),
    "resnet50": partial(Reconstructor, RECONSTRUCTOR_PRESETS["resnet50"]),
    "lite0": partial(Reconstructor, RECONSTRUCTOR_PRESETS["lite0"]),
    "lite0-128": partial(Reconstructor, RECONSTRUCTOR_PRESETS["lite0-128"]),
    "reconstructor-toy": partial(Reconstructor, RECONSTRUCTOR_PRESETS["toy"]),
}
"""Preset to what makes it; `paper`, `base` and `toy` are PECHeads, `resnet50` and `lite0` R."""


class Exportable(NamedTuple):
    """A network and where it comes from."""

    kind: str
    """One of `KINDS`."""

    preset: str
    """Of its dimensions."""

    module: nn.Module
    """`Lite`, `PECHead` or `Reconstructor`, in evaluation mode."""

    checkpoint_sha256: str
    """Of the checkpoint's file (of its index, if it is in parts), or "untrained seed 0"."""


def load_network(path: Path) -> Exportable:
    """The network of the checkpoint ``path``; `InputError` if that is none that can be exported."""
    in_parts = path.name.endswith(INDEX_ENDING)
    kind = (read_parts(path) if in_parts else read_tensors(path)).metadata.get("kind", KINDS[0])
    checkpoint = load_checkpoint(path, kind)
    module: nn.Module
    if kind == "lite":
        module = Lite(dimensions_of(checkpoint, LiteDimensions))
    elif kind == "pechead":
        module = PECHead(dimensions_of(checkpoint, Dimensions))
    elif kind == "reconstructor":
        module = Reconstructor(dimensions_of(checkpoint, ReconstructorDimensions))
    else:
        raise InputError(
            f"{path} is a checkpoint of kind '{kind}', which is not exported: "
            f"give one of kind {', '.join(KINDS)}"
        )
    load_into(module, checkpoint.tensors)
    return Exportable(kind, checkpoint.preset, module.eval(), sha256_of(path))


def untrained(preset: str, seed: int = 0) -> Exportable:
    """A network of ``preset``, a key of `UNTRAINED`, with random weights none of which is zero.

    For parity and benchmarks, which need no trained weights. `InputError` for another preset.
    """
    if preset not in UNTRAINED:
        raise InputError(f"there is no preset {preset!r}: use one of {', '.join(UNTRAINED)}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = shaken(UNTRAINED[preset](), seed)
    return Exportable(_kind_of(module), preset, module.eval(), f"untrained seed {seed}")


def parts_of(network: Exportable, pixels: str = "uint8") -> list[Part]:
    """The parts of ``network``, with pictures as ``pixels``, one of `PIXELS`."""
    if isinstance(network.module, Lite):
        return lite_parts(network.module, pixels)
    if isinstance(network.module, PECHead):
        return pechead_parts(network.module, pixels)
    assert isinstance(network.module, Reconstructor)
    return reconstructor_parts(network.module, pixels)


def _kind_of(module: nn.Module) -> str:
    return type(module).__name__.lower()
