"""`decode` of a lite network in 8 bits: half the time on processors that multiply bytes.

Weights are rounded for each output channel, activations for each tensor; the range of an activation
is the largest that real frames gave. Found on lite-s, as PSNR of what is painted against full
precision: such ranges 51.2 dB, 99.99 % of them 51.5 (for thirty times the work), those of least
entropy 47.6; one scale for all channels of a weight 47.8.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx
from onnx import helper

from engines.engine import Array
from engines.late_library import load_library
from engines.manifest import Manifest, manifest_path, read_manifest, sha256_of, write_manifest
from engines.network_files import open_parts
from engines.quantised_decode import FILE, PRECISION
from export.calibration import LiteEngines, decode_inputs
from export.lite_clips import LiteClip
from export.tidy import tidy
from pechead_live.destination import check_folder
from pechead_live.errors import InputError, OutputError
from pechead_live.whole_file import write_whole

PARTS = ("encode", "motion", "decode")
"""What a lite network is on a CPU; in full precision."""

COUNTED = ("Conv", "Relu")
"""Operators in bytes; a ReLU costs nothing there, it is where the range begins."""


def open_full(folder: Path) -> LiteEngines:
    """The network in ``folder`` that is to be quantised, on one thread; raises `InputError`."""
    manifest = read_manifest(folder / "decode.onnx")
    if manifest.kind != "lite":
        raise InputError(f"{folder} is a network of kind '{manifest.kind}': give one of kind lite")
    engines = open_parts(folder, PARTS, "lite", manifest.preset, "onnxruntime:cpu", 1)
    picture = next(port for port in manifest.inputs if port.name == "guide_picture")
    for name, found, wanted in (
        ("precision", manifest.precision, "fp32"),
        ("pixels", picture.dtype, "uint8"),
    ):
        if found != wanted:
            raise InputError(
                f"{folder} has the {name} {found}, and 8 bits are made from {wanted}: "
                f"export it again with '--{name} {wanted}'"
            )
    return LiteEngines(*engines)


def quantise(folder: Path, engines: LiteEngines, clips: Iterable[LiteClip]) -> Manifest:
    """Writes `FILE` beside the ``engines``' own files, calibrated with all frames of ``clips``.

    Its ports are those of `decode`. Returns its manifest; raises `InputError` without a frame and
    `OutputError`, and leaves no half-written file.
    """
    check_folder(folder)
    graph = quantised_graph(folder / "decode.onnx", decode_inputs(engines, clips))
    whole = engines.decode.manifest
    described = {
        "kind": whole.kind,
        "preset": whole.preset,
        "part": whole.part,
        "precision": PRECISION,
        "form": whole.form,
        "version": version("pechead-live"),
        "checkpoint_sha256": whole.checkpoint_sha256,
    }
    helper.set_model_props(graph, described)
    onnx.checker.check_model(graph, full_check=True)
    file = folder / FILE
    write_whole(file, graph.SerializeToString(deterministic=True))
    sha256 = sha256_of(file)
    manifest = replace(
        whole,
        **described,
        opset=next(each.version for each in graph.opset_import if not each.domain),
        onnx_sha256=sha256,
        file_sha256=sha256,
    )
    try:
        write_manifest(file, manifest)
    except OutputError:
        file.unlink(missing_ok=True)
        manifest_path(file).unlink(missing_ok=True)
        raise
    return manifest


def quantised_graph(file: Path, inputs: Iterator[dict[str, Array]]) -> onnx.ModelProto:
    """The graph of ``file`` with its inner convolutions in bytes, ranges taken from ``inputs``."""
    library: Any = load_library("onnxruntime.quantization", "train")
    shapes: Any = load_library("onnxruntime.quantization.shape_inference", "train")
    first = next(inputs, None)
    if first is None:
        raise InputError("there is no frame to calibrate with: give 1 or more")
    with tempfile.TemporaryDirectory() as temporary:
        prepared, made = Path(temporary, "prepared.onnx"), Path(temporary, "made.onnx")
        shapes.quant_pre_process(str(file), str(prepared), skip_symbolic_shape=True)
        library.quantize_static(
            str(prepared),
            str(made),
            _Frames(first, inputs),
            quant_format=library.QuantFormat.QDQ,
            op_types_to_quantize=list(COUNTED),
            nodes_to_exclude=outer_convolutions(onnx.load(str(prepared)).graph),
            per_channel=True,
            activation_type=library.QuantType.QUInt8,
            weight_type=library.QuantType.QInt8,
            calibrate_method=library.CalibrationMethod.MinMax,
            extra_options={"CalibMaxIntermediateOutputs": MOST_KEPT},
        )
        return tidy(onnx.load(str(made)))


def outer_convolutions(graph: onnx.GraphProto) -> list[str]:
    """Names of the convolutions with none before or none after them, which stay float.

    Those that read the picture have three channels, with which bytes are slower (0.73 ms against
    0.51); the one that paints decides on every level: in 256 steps of its own it loses 5 dB, and
    smooth skin shows bands.
    """
    after_one = _fed_by_convolutions(graph.node, lambda node: (node.input, node.output))
    before_one = _fed_by_convolutions(
        list(reversed(graph.node)), lambda node: (node.output, node.input)
    )
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    return [node.name for node in convolutions if node.name not in after_one & before_one]
