"""A small recurrent network as an ONNX file, and a device for `engines.tensorrt.work` that is the
host's memory."""

import contextlib
import ctypes
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from engines.manifest import Manifest, Port, sha256_of, write_manifest
from engines.tensorrt.cuda_device import open_cuda_device
from engines.tensorrt.flavour import RTX_TARGETS, module_of
from engines.tensorrt.library import load_tensorrt
from export.tensorrt.targets import TensorRTConfig
from pechead_live.errors import DeviceError, MissingDependencyError

SIDE = 16
INPUTS = (
    Port("source_feature", "float32", (1, 4, SIDE, SIDE)),
    Port("frame", "uint8", (SIDE, SIDE, 3)),
    Port("state_hidden", "float32", (1, 4, SIDE, SIDE)),
)
OUTPUTS = (
    Port("picture", "uint8", (SIDE, SIDE, 3)),
    Port("next_state_hidden", "float32", (1, 4, SIDE, SIDE)),
)


def manifest_of(file: Path | None = None, **others: Any) -> Manifest:
    """Of the network below; ``others``: fields that differ."""
    sha256 = "" if file is None else sha256_of(file)
    fields: dict[str, Any] = {
        "kind": "lite",
        "preset": "toy",
        "part": "step",
        "precision": "fp32",
        "form": "none",
        "runtime": "onnx",
        "runtime_version": "",
        "targets": (),
        "plugin": "",
        "opset": 20,
        "version": "0",
        "checkpoint_sha256": "",
        "onnx_sha256": sha256,
        "file_sha256": sha256,
        "inputs": INPUTS,
        "outputs": OUTPUTS,
    }
    return Manifest(**{**fields, **others})


def write_network(folder: Path, form: str = "none", weight: float = 0.1) -> Path:
    """``folder``/step.onnx with its manifest: pictures of bytes, a state, and, in the form
    "deform", a deformable convolution."""
    generator = np.random.default_rng(0)

    def weights(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array(
            generator.normal(0, weight, shape).astype(np.float32), name=name
        )

    nodes = [
        helper.make_node("Cast", ["frame"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["levels", "white"], ["shares"]),
        helper.make_node("Transpose", ["shares"], ["channels"], perm=[2, 0, 1]),
        helper.make_node("Unsqueeze", ["channels", "axis"], ["image"]),
        helper.make_node("Concat", ["image", "source_feature", "state_hidden"], ["all"], axis=1),
        helper.make_node("Conv", ["all", "inner"], ["mixed"], pads=[1, 1, 1, 1]),
        *_aligned(form),
        helper.make_node("Tanh", ["aligned"], ["next_state_hidden"]),
        helper.make_node("Conv", ["next_state_hidden", "outer"], ["drawn"]),
        helper.make_node("Sigmoid", ["drawn"], ["inside"]),
        helper.make_node("Squeeze", ["inside", "axis"], ["single"]),
        helper.make_node("Transpose", ["single"], ["last"], perm=[1, 2, 0]),
        helper.make_node("Mul", ["last", "white"], ["bytes"]),
        helper.make_node("Round", ["bytes"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["picture"], to=TensorProto.UINT8),
    ]
    constants = [
        numpy_helper.from_array(np.array(255, np.float32), "white"),
        numpy_helper.from_array(np.array([0], np.int64), "axis"),
        weights("inner", 4, 11, 3, 3),
        weights("outer", 3, 4, 1, 1),
    ]
    if form == "deform":
        constants += [weights("places", 27, 4, 3, 3), weights("kernel", 4, 4, 3, 3)]
        constants.append(numpy_helper.from_array(np.array([18, 9], np.int64), "parts"))
    return write_graph(folder, nodes, constants, INPUTS, OUTPUTS, form=form)


def _aligned(form: str) -> list[NodeProto]:
    if form == "none":
        return [helper.make_node("Identity", ["mixed"], ["aligned"])]
    return [
        helper.make_node("Conv", ["mixed", "places"], ["guided"], pads=[1, 1, 1, 1]),
        helper.make_node("Split", ["guided", "parts"], ["offset", "raw_mask"], axis=1),
        helper.make_node("Sigmoid", ["raw_mask"], ["mask"]),
        helper.make_node(
            "DeformConv",
            ["mixed", "kernel", "offset", "", "mask"],
            ["aligned"],
            kernel_shape=[3, 3],
            pads=[1, 1, 1, 1],
        ),
    ]


def write_graph(
    folder: Path,
    nodes: Sequence[NodeProto],
    constants: Sequence[TensorProto],
    inputs: Sequence[Port],
    outputs: Sequence[Port],
    **others: Any,
) -> Path:
    """Any graph as ``folder``/step.onnx, not looked at, with a manifest."""

    def value(port: Port) -> Any:
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(port.dtype))
        return helper.make_tensor_value_info(port.name, kind, port.shape)

    graph = helper.make_graph(
        list(nodes),
        "sample",
        [value(port) for port in inputs],
        [value(port) for port in outputs],
        list(constants),
    )
    opset = [helper.make_opsetid("", 20)]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "step.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), file)
    ports = {"inputs": tuple(inputs), "outputs": tuple(outputs)}
    write_manifest(file, manifest_of(file, **{**ports, **others}))
    return file


def config_for_gpu() -> TensorRTConfig:
    """For the GPU at hand. A data-centre GPU needs the full TensorRT, which is installed by hand:
    the test is skipped where it is not."""
    known = open_cuda_device().target in RTX_TARGETS
    config = TensorRTConfig(flavour="rtx" if known else "full")
    try:
        load_tensorrt(module_of(config.runtime))
    except MissingDependencyError as error:
        pytest.skip(str(error))
    return config


class HostMemory(NamedTuple):
    """Bytes of the host, with an address."""

    bytes: NDArray[np.uint8]

    @property
    def ptr(self) -> int:
        return self.bytes.ctypes.data


class HostDevice:
    """The host's own memory, with a queue that does everything at once unless it is captured."""

    stream = 7

    def __init__(self, *, can_capture: bool = True) -> None:
        self.allocations = 0
        self._can_capture = can_capture
        self._captured: list[Callable[[], object]] | None = None

    @contextlib.contextmanager
    def current(self) -> Generator[None]:
        yield

    def memory(self, size: int) -> HostMemory:
        self.allocations += 1
        return HostMemory(np.full(size, 0xEE, np.uint8))

    def pinned(self, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
        self.allocations += 1
        return np.full(shape, 9, dtype)

    def upload(self, to: HostMemory, array: NDArray[Any]) -> None:
        self.enqueue(lambda: ctypes.memmove(to.ptr, array.ctypes.data, array.nbytes))

    def download(self, array: NDArray[Any], source: HostMemory) -> None:
        self.enqueue(lambda: ctypes.memmove(array.ctypes.data, source.ptr, array.nbytes))

    def clear(self, memory: HostMemory, size: int) -> None:
        self.enqueue(lambda: ctypes.memset(memory.ptr, 0, size))

    def synchronize(self) -> None:
        """Everything is done already."""

    def enqueue(self, action: Callable[[], object]) -> None:
        if self._captured is None:
            action()
        else:
            self._captured.append(action)

    def captured(self, enqueue: Callable[[], None]) -> Callable[[], None]:
        if not self._can_capture:
            raise DeviceError("no CUDA graph can be made (this device has none)")
        actions: list[Callable[[], object]] = []
        self._captured = actions
        enqueue()
        self._captured = None

        def launch() -> None:
            for action in actions:
                action()

        return launch


class HostContext:
    """A network with TensorRT's two calls: it reads and writes at the addresses it was given, which
    a captured graph keeps."""

    def __init__(
        self,
        device: HostDevice,
        manifest: Manifest,
        compute: Callable[[Mapping[str, NDArray[Any]]], Mapping[str, NDArray[Any]]],
    ) -> None:
        self._device, self._manifest, self._compute = device, manifest, compute
        self._addresses: dict[str, int] = {}

    def set_tensor_address(self, name: str, address: int) -> bool:
        known = {port.name for port in (*self._manifest.inputs, *self._manifest.outputs)}
        self._addresses[name] = address
        return name in known

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == HostDevice.stream
        addresses = dict(self._addresses)

        def at(port: Port) -> NDArray[Any]:
            size = int(np.prod(port.shape)) * np.dtype(port.dtype).itemsize
            memory = (ctypes.c_uint8 * size).from_address(addresses[port.name])
            return np.ctypeslib.as_array(memory).view(port.dtype).reshape(port.shape)

        def run() -> None:
            found = self._compute({port.name: at(port) for port in self._manifest.inputs})
            for port in self._manifest.outputs:
                at(port)[...] = found[port.name]

        self._device.enqueue(run)
        return True
