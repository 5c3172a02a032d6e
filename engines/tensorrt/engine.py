"""Engines of both TensorRTs, for NVIDIA GPUs: one code, they have the same calls."""

import logging
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakSet

import numpy as np

from engines.dcn.definition import VERSION
from engines.dcn.plugin import register
from engines.engine import Array, Arrays
from engines.manifest import Manifest, Port
from engines.ports import check_arrays, check_constants, check_file_ports
from engines.tensorrt.cuda_device import CudaDevice, open_cuda_device
from engines.tensorrt.flavour import check_target, check_version, module_of
from engines.tensorrt.kernels import CACHE, KernelCache
from engines.tensorrt.library import load_tensorrt
from engines.tensorrt.log import LastError, tensorrt_log
from engines.tensorrt.stream import TensorRTStream
from engines.tensorrt.work import Work
from pechead_live.errors import DeviceError, InputError

logger = logging.getLogger(__name__)


class TensorRTEngine:
    """A network on a GPU. What streams and `run` need of it is made when they are first used."""

    def __init__(
        self,
        manifest: Manifest,
        device: CudaDevice,
        kernels: KernelCache,
        error: LastError,
        *,
        graphs: bool,
    ) -> None:
        """``kernels`` holds TensorRT's engine."""
        self._manifest, self._device = manifest, device
        self._kernels: KernelCache | None = kernels
        self._error, self._graphs = error, graphs
        self._lock = Lock()
        self._whole: Work | None = None
        self._streams: WeakSet[TensorRTStream] = WeakSet()
        if not manifest.carried:
            self._whole = self._work({}, {})

    @property
    def manifest(self) -> Manifest:
        """What was opened."""
        return self._manifest

    @property
    def provider(self) -> str:
        """Such as "tensorrt-rtx 1.7.1.116 on NVIDIA GeForce RTX 4070 (sm_89)"."""
        runtime = f"{self._manifest.runtime} {self._manifest.runtime_version}"
        return f"{runtime} on {self._device.name} ({self._device.target})"

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """See `Engine`; `DeviceError` if the GPU fails."""
        given = check_arrays(self._manifest.inputs, inputs)
        with self._lock:
            if self._whole is None:
                self._whole = self._work({}, {})
            return self._whole.run(given, 0)

    def stream(self, constants: Arrays) -> TensorRTStream:
        """See `Engine`; ready for its first frame, which no preparation holds up."""
        kept = check_constants(self._manifest, constants)
        with self._lock:
            work = self._work(kept, self._manifest.carried)
            stream = TensorRTStream(work, self._manifest, list(kept), self._lock, self)
            self._streams.add(stream)
            return stream

    def close(self) -> None:
        """Frees the engine, `run`'s memory and that of all streams."""
        with self._lock:
            for stream in self._streams:
                stream.close()
            self._whole = self._kernels = None

    def _work(self, constants: Arrays, carried: dict[str, str]) -> Work:
        if self._kernels is None:
            raise InputError("this engine is closed: open it again")
        with self._device.current():
            context = self._kernels.context()
            if context is None:
                raise DeviceError(
                    f"TensorRT cannot run the engine of '{self._manifest.part}' here "
                    f"({self._error}): close other programs that use the GPU, or build the engine "
                    "again with 'pechead-export tensorrt'"
                )
            work = Work(
                self._device, context, self._manifest, constants, carried, self._error, self._graphs
            )
            self._kernels.keep()
            return work


def open_tensorrt(
    path: Path, manifest: Manifest, device: str = "tensorrt", *, graphs: bool = True
) -> TensorRTEngine:
    """Opens an ``.engine`` file that is, to the byte, what its ``manifest`` describes.

    ``device``: "tensorrt", or "tensorrt:1" for the second GPU that CUDA shows. ``graphs``: frames
    are CUDA graphs where that is possible, else they are enqueued step by step.

    Raises `MissingDependencyError` without TensorRT or CuPy, `DeviceError` without a GPU, and
    `InputError` for an engine of another version of TensorRT or of our plugin, or for another GPU.
    """
    trt = load_tensorrt(module_of(manifest.runtime))
    check_version(manifest, str(trt.__version__))
    if manifest.plugin not in ("", str(VERSION)):
        raise InputError(
            f"{path} calls version {manifest.plugin} of the plugin, this program has {VERSION}: "
            "build it again with 'pechead-export tensorrt'"
        )
    gpu = open_cuda_device(_index(device))
    check_target(manifest, gpu.target)
    error = LastError()
    with gpu.current():
        if manifest.plugin:
            register(trt)
        try:
            runtime = trt.Runtime(tensorrt_log(trt, error))
        except TypeError as failure:  # what its bindings make of a null pointer
            raise DeviceError(
                f"{manifest.runtime} cannot start on {gpu.name} ({error}): update the driver of "
                "the NVIDIA GPU"
            ) from failure
        opened = runtime.deserialize_cuda_engine(path.read_bytes())
        if opened is None:
            raise InputError(
                f"{path} cannot be opened by {manifest.runtime} on {gpu.name} ({error}): "
                "build it again with 'pechead-export tensorrt'"
            )
        check_file_ports(path, manifest, *_ports(trt, opened))
        kernels = KernelCache(opened, CACHE / f"{manifest.file_sha256[:32]}-{gpu.target}.kernels")
    engine = TensorRTEngine(manifest, gpu, kernels, error, graphs=graphs)
    logger.info("%s: %s", path, engine.provider)
    return engine


def _index(device: str) -> int:
    number = device.partition(":")[2] or "0"
    if not number.isdecimal():
        raise InputError(f"there is no device {device!r}: use tensorrt, or tensorrt:1 for another")
    return int(number)


def _ports(trt: Any, engine: Any) -> tuple[list[Port], list[Port]]:
    """Inputs and outputs of a TensorRT engine."""
    inputs: list[Port] = []
    outputs: list[Port] = []
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        dtype = np.dtype(trt.nptype(engine.get_tensor_dtype(name))).name
        port = Port(name, dtype, tuple(engine.get_tensor_shape(name)))
        given = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        (inputs if given else outputs).append(port)
    return inputs, outputs
