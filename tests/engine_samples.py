"""A recurrent network small enough to be computed by hand, as an ONNX file with its manifest.

It has what the real ones have: a constant source, a warp, a picture in and out, and a memory.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engines.manifest import Manifest, Port, sha256_of, write_manifest

SIDE = 6
CHANNELS = 2

INPUTS = (
    Port("source_feature", "float32", (1, CHANNELS, SIDE, SIDE)),
    Port("portrait", "uint8", (SIDE, SIDE, 3)),
    Port("grid", "float32", (1, SIDE, SIDE, 2)),
    Port("state_hidden", "float32", (1, CHANNELS, SIDE, SIDE)),
)
OUTPUTS = (
    Port("picture", "uint8", (SIDE, SIDE, 3)),
    Port("alpha", "float32", (SIDE, SIDE)),
    Port("next_state_hidden", "float32", (1, CHANNELS, SIDE, SIDE)),
)
MORE = Port("more", "float32", (1, CHANNELS, SIDE, SIDE))
"""Output of an operator added to the network."""

CONSTANTS = ("source_feature", "portrait")

Floats = NDArray[np.float32]

_draw = np.random.default_rng(7)
MIX: Floats = _draw.normal(0, 0.3, (CHANNELS, 2 * CHANNELS + 3, 3, 3)).astype(np.float32)
PAINT: Floats = _draw.normal(0, 1.0, (3, CHANNELS, 1, 1)).astype(np.float32)


def network(extra: onnx.NodeProto | None = None) -> onnx.ModelProto:
    """`picture_by_hand` as a graph; ``extra`` is one more operator, whose results are outputs."""

    def node(kind: str, given: str, made: str, **settings: Any) -> onnx.NodeProto:
        return helper.make_node(kind, given.split(), [made], **settings)

    nodes = [
        node("GridSample", "source_feature grid", "warped", padding_mode="border"),
        node("Cast", "portrait", "floats", to=TensorProto.FLOAT),
        node("Mul", "floats a_255th", "levels"),
        node("Transpose", "levels", "planes", perm=[2, 0, 1]),
        node("Unsqueeze", "planes first", "photo"),
        node("Concat", "warped photo state_hidden", "all", axis=1),
        node("Conv", "all mix", "mixed", pads=[1, 1, 1, 1]),
        node("Tanh", "mixed", "next_state_hidden"),
        node("Conv", "next_state_hidden paint", "logits"),
        node("Sigmoid", "logits", "colours"),
        node("Mul", "colours most", "scaled"),
        node("Round", "scaled", "rounded"),
        node("Cast", "rounded", "bytes", to=TensorProto.UINT8),
        node("Squeeze", "bytes first", "drawn"),
        node("Transpose", "drawn", "picture", perm=[1, 2, 0]),
        node("ReduceMean", "next_state_hidden both", "alpha", keepdims=0),
    ]
    weights = {
        "mix": MIX,
        "paint": PAINT,
        "a_255th": np.float32(1 / 255),
        "most": np.float32(255),
        "first": np.array([0], np.int64),
        "both": np.array([0, 1], np.int64),
    }
    graph = helper.make_graph(
        [*nodes, *([extra] if extra else [])],
        "tiny",
        [_value(port) for port in INPUTS],
        [_value(port) for port in (*OUTPUTS, MORE)[: len(OUTPUTS) + bool(extra)]],
        [numpy_helper.from_array(np.asarray(each), name) for name, each in weights.items()],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("pechead", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def deformed() -> onnx.ModelProto:
    """The network with a DeformConv in it."""
    weights = {
        "offsets": np.zeros((1, 2, SIDE, SIDE), np.float32),
        "copy": np.eye(CHANNELS, dtype=np.float32).reshape(CHANNELS, CHANNELS, 1, 1),
    }
    model = network(helper.make_node("DeformConv", ["warped", "copy", "offsets"], ["more"]))
    model.graph.initializer.extend(
        numpy_helper.from_array(each, name) for name, each in weights.items()
    )
    return model


def manifest_for(path: Path) -> Manifest:
    """Of the network in the file ``path``."""
    digest = sha256_of(path)
    return Manifest(
        kind="lite",
        preset="tiny",
        part="step",
        precision="fp32",
        form="none",
        runtime="onnx",
        runtime_version="",
        targets=(),
        plugin="",
        opset=20,
        version="0",
        checkpoint_sha256="0" * 64,
        onnx_sha256=digest,
        file_sha256=digest,
        inputs=INPUTS,
        outputs=OUTPUTS,
    )


def write_engine(path: Path, content: bytes | None = None, **changes: Any) -> Path:
    """Writes the network, or other ``content``, with a manifest that fits its bytes; ``changes``
    are fields of that manifest."""
    path.write_bytes(network().SerializeToString() if content is None else content)
    write_manifest(path, replace(manifest_for(path), **changes))
    return path


def inputs_at(frame: int) -> dict[str, NDArray[Any]]:
    """All inputs but the memory: the constants are the same for every ``frame``."""
    still, moving = np.random.default_rng(1), np.random.default_rng(frame)
    return {
        "source_feature": still.normal(0, 1, INPUTS[0].shape).astype(np.float32),
        "portrait": still.integers(0, 256, INPUTS[1].shape, np.uint8),
        "grid": moving.uniform(-1.2, 1.2, INPUTS[2].shape).astype(np.float32),
    }


def constants() -> dict[str, NDArray[Any]]:
    """The inputs that no frame changes."""
    return {name: inputs_at(0)[name] for name in CONSTANTS}


def moving_at(frame: int) -> dict[str, NDArray[Any]]:
    """The inputs of one frame."""
    return {"grid": inputs_at(frame)["grid"]}


def picture_by_hand(given: Mapping[str, NDArray[Any]], hidden: Floats) -> dict[str, NDArray[Any]]:
    """What the network computes, in numpy."""
    photo = given["portrait"].astype(np.float32).transpose(2, 0, 1) / 255
    stack = np.concatenate(
        [_warped(given["source_feature"][0], given["grid"][0]), photo, hidden[0]]
    )
    padded = np.pad(stack, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    memory = np.tanh(np.einsum("oikl,ihwkl->ohw", MIX, windows))
    logits = np.einsum("oi,ihw->hwo", PAINT[:, :, 0, 0], memory)
    return {
        "picture": np.round(255 / (1 + np.exp(-logits))).astype(np.uint8),
        "alpha": memory.mean(0).astype(np.float32),
        "next_state_hidden": memory[None].astype(np.float32),
    }


def _warped(feature: Floats, grid: Floats) -> Floats:
    """Bilinear; (x, y) in [-1, 1] from edge to edge, outside it the edge goes on."""
    x, y = np.clip(((grid + 1) * SIDE - 1) / 2, 0, SIDE - 1).transpose(2, 0, 1)
    left, top = (np.minimum(np.floor(at).astype(int), SIDE - 2) for at in (x, y))
    across, down = x - left, y - top
    above = feature[:, top, left] * (1 - across) + feature[:, top, left + 1] * across
    below = feature[:, top + 1, left] * (1 - across) + feature[:, top + 1, left + 1] * across
    return above * (1 - down) + below * down


def _value(port: Port) -> onnx.ValueInfoProto:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(port.dtype))
    return helper.make_tensor_value_info(port.name, kind, port.shape)
