"""One part to one ONNX file, with the manifest beside it."""

import importlib.metadata
from collections.abc import Iterable
from pathlib import Path

import onnx
from onnx import helper

from engines.dcn.definition import VERSION
from engines.manifest import Manifest, Port, manifest_path, sha256_of, write_manifest
from export.graphs.config import ExportConfig
from export.graphs.graph import graph_of
from export.parts.networks import Exportable
from export.parts.part import Part
from pechead_live.destination import check_destination, check_folder, make_folder
from pechead_live.errors import OutputError
from pechead_live.whole_file import write_whole


def write_onnx(
    part: Part, folder: Path, network: Exportable, config: ExportConfig | None = None
) -> Manifest:
    """Writes ``folder``/NAME.onnx and NAME.onnx.json, and returns what the latter says.

    ``part`` is one of `parts_of(network, config.pixels)`, in full precision. An older file of that
    name is replaced; raises `OutputError` and leaves no half-written file.
    """
    config = config or ExportConfig()
    check_folder(folder)
    make_folder(folder)
    file = folder / f"{part.name}.onnx"
    for path in (file, manifest_path(file)):
        check_destination(path)
    graph, form = graph_of(part, config)
    version = importlib.metadata.version("pechead-live")
    described = {
        "kind": network.kind,
        "preset": network.preset,
        "part": part.name,
        "precision": config.precision,
        "form": form,
        "version": version,
        "checkpoint_sha256": network.checkpoint_sha256,
    }
    helper.set_model_props(graph, described)
    onnx.checker.check_model(graph, full_check=True)
    write_whole(file, graph.SerializeToString(deterministic=True))
    sha256 = sha256_of(file)
    manifest = Manifest(
        **described,
        runtime="onnx",
        runtime_version="",
        targets=(),
        plugin=str(VERSION) if form == "plugin" else "",
        opset=next(each.version for each in graph.opset_import if not each.domain),
        onnx_sha256=sha256,
        file_sha256=sha256,
        inputs=_ports(graph.graph.input),
        outputs=_ports(graph.graph.output),
    )
    try:
        write_manifest(file, manifest)
    except OutputError:
        file.unlink(missing_ok=True)
        raise
    return manifest


def _ports(values: Iterable[onnx.ValueInfoProto]) -> tuple[Port, ...]:
    return tuple(
        Port(
            value.name,
            helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type).name,
            tuple(size.dim_value for size in value.type.tensor_type.shape.dim),
        )
        for value in values
    )
