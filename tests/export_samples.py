"""Exported files in onnxruntime, and pictures as their ports take them."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.manifest import NEXT, Manifest
from export.graphs.config import ExportConfig
from export.graphs.file import write_onnx
from export.parts.networks import Exportable, parts_of

Arrays = dict[str, NDArray[np.generic]]


def export_parts(
    network: Exportable, folder: Path, config: ExportConfig, *names: str
) -> dict[str, Manifest]:
    """Writes the parts ``names`` of ``network``."""
    parts = {part.name: part for part in parts_of(network, config.pixels)}
    return {name: write_onnx(parts[name], folder, network, config) for name in names}


class Running:
    """An exported part; tensors go in under their ports' names, and in their ports' types."""

    def __init__(self, file: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, **inputs: Tensor) -> dict[str, Tensor]:
        fed: Arrays = {
            port.name: inputs[port.name].numpy().astype(port.dtype) for port in self.manifest.inputs
        }
        names = [port.name for port in self.manifest.outputs]
        drawn = self.session.run(names, fed)
        return {name: torch.from_numpy(np.asarray(each)) for name, each in zip(names, drawn)}  # noqa: B905


def opened(folder: Path, manifests: dict[str, Manifest]) -> dict[str, Running]:
    return {name: Running(folder / f"{name}.onnx", each) for name, each in manifests.items()}


def carried(outputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Next state to state."""
    return {
        name.removeprefix(NEXT): each for name, each in outputs.items() if name.startswith(NEXT)
    }


def host_picture(picture: Tensor) -> Tensor:
    """(1, 3, S, S) to (S, S, 3)."""
    return picture[0].permute(1, 2, 0).contiguous()


def levels(picture: Tensor) -> Tensor:
    """[0, 1] to bytes."""
    return (picture * 255).round().to(torch.uint8)


def ports(manifest: Manifest) -> dict[str, tuple[str, tuple[int, ...]]]:
    """All of a part, inputs first, in the file's order."""
    return {port.name: (port.dtype, port.shape) for port in (*manifest.inputs, *manifest.outputs)}


def near(tensor: Tensor, tolerance: float) -> object:
    """What an array within ``tolerance`` of ``tensor`` equals."""
    return pytest.approx(tensor.numpy(), abs=tolerance)
