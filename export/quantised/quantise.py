"""`decode` of a lite network in 8 bits: half the time on a processor with instructions for bytes.

Weights are rounded for each output channel, activations for each tensor; the range of an activation
is the largest that real frames gave. Found on lite-s, as PSNR of what is painted against full
precision: such ranges 51.2 dB, 99.99 % of them 51.5 (for 25 times the work), those of least
entropy 47.6; one scale for all channels of a weight 47.8.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import onnx
from onnx import helper

from engines.engine import Array
from engines.late_library import load_library
from engines.manifest import Manifest, manifest_path, read_manifest, sha256_of, write_manifest
from engines.networks.files import open_parts
from engines.networks.quantised_decode import FILE, PRECISION
from export.graphs.tidy import tidy
from export.quantised.calibration import LiteEngines, decode_inputs
from export.quantised.lite_clips import LiteClip
from pechead_live.destination import check_folder
from pechead_live.errors import InputError, OutputError
from pechead_live.whole_file import write_whole

DEVICE = "onnxruntime:cpu"
"""What 8 bits are for."""

PARTS = ("encode", "motion", "decode")
"""What a lite network is on a CPU; in full precision."""

CONVOLUTION = "Conv"

COUNTED = (CONVOLUTION, "Relu")
"""Operators in bytes; a ReLU costs nothing there, its result's range begins at zero."""

MOST_KEPT = 16
"""Frames whose ranges are kept before they are merged."""

Ends = Callable[[onnx.NodeProto], tuple[Iterable[str], Iterable[str]]]


def open_full(folder: Path) -> tuple[LiteEngines, int]:
    """The network in ``folder`` that is to be quantised, on one thread, and the side of its
    pictures in pixels; raises `InputError`."""
    manifest = read_manifest(folder / "decode.onnx")
    if manifest.kind != "lite":
        raise InputError(f"{folder} is a network of kind '{manifest.kind}': give one of kind lite")
    picture = next((port for port in manifest.inputs if port.name == "guide_picture"), None)
    for name, found, wanted in (
        ("precision", manifest.precision, "fp32"),
        ("pixels", picture and picture.dtype, "uint8"),
    ):
        if found != wanted:
            raise InputError(
                f"{folder} has the {name} {found}, and 8 bits are made from {wanted}: "
                f"export it again with '--{name} {wanted}'"
            )
    assert picture is not None
    engines = open_parts(folder, PARTS, "lite", manifest.preset, DEVICE, 1)
    return LiteEngines(*engines), picture.shape[0]


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
    0.51); the one that paints decides on every level: with a result of 256 steps 5 dB are lost.
    """
    nodes = list(graph.node)
    behind = _reached(nodes, lambda node: (node.input, node.output))
    before = _reached(nodes[::-1], lambda node: (node.output, node.input))
    return [n.name for n in nodes if n.op_type == CONVOLUTION and n.name not in behind & before]


def _reached(nodes: Sequence[onnx.NodeProto], ends: Ends) -> set[str]:
    """Names of the nodes that a convolution leads to, in the direction of ``nodes`` and ``ends``
    (where one is entered, where it is left)."""
    tensors: set[str] = set()
    found: set[str] = set()
    for node in nodes:
        entered, left = ends(node)
        if tensors.intersection(entered):
            found.add(node.name)
        if node.op_type == CONVOLUTION or node.name in found:
            tensors.update(left)
    return found


class _Frames:
    """Calibration inputs as onnxruntime asks for them."""

    def __init__(self, first: dict[str, Array], others: Iterator[dict[str, Array]]) -> None:
        self._inputs = chain([first], others)

    def get_next(self) -> dict[str, Array] | None:
        """The next frame's, None after the last."""
        return next(self._inputs, None)
