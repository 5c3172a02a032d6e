"""``pechead-export onnx``: a checkpoint to ONNX files and their manifests."""

import argparse
import importlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pechead_live.destination import check_folder
from pechead_live.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from export.parts.networks import Exportable
    from export.parts.part import Part

LIBRARIES = ("torch", "safetensors", "onnx", "onnxscript")
"""Needed to export; the files run without them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `onnx`."""
    network = parser.add_mutually_exclusive_group(required=True)
    text = "the .safetensors file of a training run, or its .safetensors.index.json"
    network.add_argument("checkpoint", nargs="?", type=Path, metavar="CHECKPOINT", help=text)
    text = "random weights instead, to measure with: base, paper, lite-s, lite-m, lite0, ..."
    network.add_argument("--untrained", metavar="PRESET", help=text)
    text = "where the files go; it is made if it is not there"
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help=text)
    text = "of weights and activations; coordinates stay float32 (default: fp32)"
    parser.add_argument("--precision", default="fp32", metavar="fp32|fp16", help=text)
    text = (
        "of deformable convolutions: the standard operator, samples and products for runtimes "
        "without it, or the operator of the TensorRT plugin (default: deform)"
    )
    parser.add_argument("--form", default="deform", metavar="deform|decomposed|plugin", help=text)
    text = "of pictures that go in and out; float32 is for comparisons (default: uint8)"
    parser.add_argument("--pixels", default="uint8", metavar="uint8|float32", help=text)
    text = "only these parts of the network, such as step (default: all)"
    parser.add_argument("--parts", nargs="+", metavar="NAME", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Writes the files and prints a line for each."""
    check_libraries()
    from export.graphs.config import ExportConfig
    from export.graphs.file import write_onnx
    from export.parts.networks import load_network, parts_of, untrained

    config = ExportConfig(
        precision=arguments.precision, form=arguments.form, pixels=arguments.pixels
    )
    folder: Path = arguments.output
    check_folder(folder)
    network = (
        untrained(arguments.untrained)
        if arguments.untrained is not None
        else load_network(arguments.checkpoint)
    )
    for part in _chosen(parts_of(network, config.pixels), arguments.parts, network):
        began = time.perf_counter()
        manifest = write_onnx(part, folder, network, config)
        took = time.perf_counter() - began
        file = folder / f"{part.name}.onnx"
        ports = f"{len(manifest.inputs)} ports in, {len(manifest.outputs)} out"
        size = f"{file.stat().st_size / 1e6:.2f} MB"
        print(f"{file}: {ports}, {size}, {took:.1f} s, sha256 {manifest.file_sha256}", flush=True)
    return 0


def _chosen(parts: "list[Part]", names: list[str] | None, network: "Exportable") -> "list[Part]":
    known = [part.name for part in parts]
    for name in names or ():
        if name not in known:
            raise InputError(
                f"{network.preset} ({network.kind}) has no part {name!r}: use {', '.join(known)}"
            )
    return [part for part in parts if not names or part.name in names]


def check_libraries() -> None:
    """`MissingDependencyError` names the first library that an export lacks."""
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"an export needs {error.name}, which is not installed: "
                "run pip install 'pechead-live[train]'"
            ) from error
