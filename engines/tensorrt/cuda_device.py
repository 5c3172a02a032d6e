"""One NVIDIA GPU through CuPy: memory, one queue of commands, and their capture as CUDA graphs."""

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from engines.engine import Array
from engines.late_library import load_library, reason
from pechead_live.errors import DeviceError


class CudaDevice:
    """A GPU and a stream on it: whatever is enqueued runs in that order, after the call returns."""

    def __init__(self, cupy: Any, index: int) -> None:
        """``cupy``: the module. ``index`` counts the GPUs that CUDA shows."""
        self._cupy = cupy
        self._device = cupy.cuda.Device(index)
        described = cupy.cuda.runtime.getDeviceProperties(index)
        self.name: str = described["name"].decode(errors="replace")
        self.target = f"sm_{described['major']}{described['minor']}"
        """Its generation, such as "sm_89"."""
        with self.current():
            self._stream = cupy.cuda.Stream(non_blocking=True)

    @contextlib.contextmanager
    def current(self) -> Generator[None]:
        """CUDA keeps a current GPU for each thread; the calls below, and TensorRT's, need this.
        What CUDA raises within becomes a `DeviceError`."""
        try:
            with self._device:
                yield
        except (
            self._cupy.cuda.runtime.CUDARuntimeError,
            self._cupy.cuda.driver.CUDADriverError,
        ) as error:
            raise DeviceError(
                f"{self.name} failed ({reason(error)}): close other programs that use the GPU"
            ) from error
        except MemoryError as error:  # CuPy's own is one
            raise DeviceError(
                f"the memory of {self.name} is used up ({reason(error)}): close other programs "
                "that use the GPU, or take a smaller model"
            ) from error

    @property
    def stream(self) -> int:
        """Handle of the queue."""
        return int(self._stream.ptr)

    def memory(self, size: int) -> Any:
        """``size`` bytes on the GPU, for as long as the result lives; its ``ptr`` is the address.
        At least one byte: TensorRT wants an address also for what is empty."""
        return self._cupy.cuda.alloc(max(1, size))

    def pinned(self, shape: tuple[int, ...], dtype: str) -> Array:
        """An array of the host that the GPU reads and writes by itself."""
        memory = self._cupy.cuda.alloc_pinned_memory(max(1, _size(shape, dtype)))
        return np.frombuffer(memory, dtype, int(np.prod(shape))).reshape(shape)

    def upload(self, to: Any, array: Array) -> None:
        """Enqueues a copy to the GPU; of ``array`` as it is when its turn comes, if pinned."""
        kind = self._cupy.cuda.runtime.memcpyHostToDevice
        self._copy(to.ptr, array.ctypes.data, array.nbytes, kind)

    def download(self, array: Array, source: Any) -> None:
        """Enqueues a copy to ``array``, which is there after `synchronize`."""
        kind = self._cupy.cuda.runtime.memcpyDeviceToHost
        self._copy(array.ctypes.data, source.ptr, array.nbytes, kind)

    def clear(self, memory: Any, size: int) -> None:
        """Enqueues the writing of zeros."""
        self._cupy.cuda.runtime.memsetAsync(memory.ptr, 0, size, self.stream)

    def synchronize(self) -> None:
        """Waits until everything enqueued is done."""
        self._stream.synchronize()

    def captured(self, enqueue: Callable[[], None]) -> Callable[[], None]:
        """What ``enqueue`` enqueues, as one CUDA graph: the result enqueues it in one call.

        Nothing runs meanwhile. Raises `DeviceError` if it cannot be captured; the queue is then as
        it was.
        """
        try:
            self._stream.begin_capture()
            try:
                enqueue()
            finally:
                graph = self._stream.end_capture()
        except Exception as error:
            raise DeviceError(f"no CUDA graph can be made ({reason(error)})") from error

        def launch() -> None:
            graph.launch(self._stream)

        return launch

    def _copy(self, to: int, source: int, size: int, kind: int) -> None:
        self._cupy.cuda.runtime.memcpyAsync(to, source, size, kind, self.stream)


def open_cuda_device(index: int = 0) -> CudaDevice:
    """GPU number ``index``; `MissingDependencyError` without CuPy, `DeviceError` without it."""
    cupy = load_library("cupy", "tensorrt")
    try:
        if cupy.cuda.runtime.driverGetVersion() == 0:
            raise DeviceError(
                "there is no driver of an NVIDIA GPU here: install it, or run the ONNX file with "
                "onnxruntime:cpu"
            )
        count = int(cupy.cuda.runtime.getDeviceCount())
        if index < count:
            return CudaDevice(cupy, index)
    except DeviceError:
        raise
    except Exception as error:
        raise DeviceError(
            f"CUDA cannot be used here ({reason(error)}): update the driver of the NVIDIA GPU, or "
            "run the ONNX file with onnxruntime:cpu"
        ) from error
    raise DeviceError(
        f"there is no GPU number {index}, CUDA shows {count}: look at CUDA_VISIBLE_DEVICES, or run "
        "the ONNX file with onnxruntime:cpu"
    )


def _size(shape: tuple[int, ...], dtype: str) -> int:
    return int(np.prod(shape)) * np.dtype(dtype).itemsize
