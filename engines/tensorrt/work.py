"""One frame's commands for a GPU: copies up, the network, copies down; all buffers made once.

Memory that goes from frame to frame has two sets of buffers. A frame reads one and writes the
other, so there are two sides, and each can become a CUDA graph of its own.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import numpy as np

from engines.engine import Array
from engines.manifest import Manifest, Port
from engines.tensorrt.log import LastError
from pechead_live.errors import DeviceError

logger = logging.getLogger(__name__)


class Device(Protocol):
    """What is asked of a GPU; `CudaDevice` has it."""

    @property
    def stream(self) -> int:
        """Handle of its queue."""
        ...

    def current(self) -> AbstractContextManager[None]: ...

    def memory(self, size: int) -> Any: ...

    def pinned(self, shape: tuple[int, ...], dtype: str) -> Array: ...

    def upload(self, to: Any, array: Array) -> None: ...

    def download(self, array: Array, source: Any) -> None: ...

    def clear(self, memory: Any, size: int) -> None: ...

    def synchronize(self) -> None: ...

    def captured(self, enqueue: Callable[[], None]) -> Callable[[], None]: ...


class _Pair(NamedTuple):
    """A port's memory on the host and on the device."""

    host: Array
    device: Any


class Work:
    """A network with its buffers; not for two threads at a time."""

    def __init__(
        self,
        device: Device,
        context: Any,
        manifest: Manifest,
        constants: Mapping[str, Array],
        carried: Mapping[str, str],
        error: LastError,
        graphs: bool,
    ) -> None:
        """``context``: TensorRT's. ``constants`` stay on the device. ``carried``: output to input;
        {} leaves all of them to the host. ``error``: what TensorRT last logged. ``graphs``: capture
        CUDA graphs if that is possible."""
        self._device, self._context, self._carried = device, context, dict(carried)
        self._error = error
        kept = set(constants) | set(carried.values())
        given = [port for port in manifest.inputs if port.name not in kept]
        drawn = [port for port in manifest.outputs if port.name not in carried]
        memory = [port for port in manifest.inputs if port.name in carried.values()]
        self._sizes = {port.name: _bytes(port) for port in memory}
        with device.current():
            self._constants = {name: self._uploaded(array) for name, array in constants.items()}
            self._given = self._pairs(given)
            self._drawn = self._pairs(drawn)
            self._memory = [
                {name: device.memory(size) for name, size in self._sizes.items()}
                for _ in range(2 if carried else 1)
            ]
            pairs = {**self._given, **self._drawn}
            _bind(context, self._constants)
            _bind(context, {name: pair.device for name, pair in pairs.items()})
            device.synchronize()
            self._launches = self._prepared(graphs)

    @property
    def sides(self) -> int:
        """2 where there is memory, else 1."""
        return len(self._memory)

    def clear(self) -> None:
        """The memory that side 0 reads becomes zeros."""
        with self._device.current():
            for name, memory in self._memory[0].items():
                self._device.clear(memory, self._sizes[name])

    def run(self, inputs: Mapping[str, Array], side: int) -> dict[str, Array]:
        """One frame: the inputs that are neither constant nor carried, checked, to new arrays of
        the outputs that are not carried. ``side``: which memory is read; the other is written.

        `DeviceError` if the GPU fails.
        """
        for name, pair in self._given.items():
            np.copyto(pair.host, inputs[name])
        with self._device.current():
            self._launches[side]()
            self._device.synchronize()
        # copies: the next frame is drawn into the same places
        return {name: pair.host.copy() for name, pair in self._drawn.items()}

    def _prepared(self, graphs: bool) -> list[Callable[[], None]]:
        """What enqueues each side; run once, for what TensorRT does at its first frame only."""
        plain = [self._enqueued(side) for side in range(self.sides)]
        for side, enqueue in enumerate(plain):
            for name, memory in self._memory[side].items():
                self._device.clear(memory, self._sizes[name])
            enqueue()
        self._device.synchronize()
        if not graphs:
            return plain
        try:
            _check_capturable(self._context, self._device.stream)
            return [self._device.captured(enqueue) for enqueue in plain]
        except DeviceError as error:
            logger.warning("%s: the frames are enqueued step by step, which is slower", error)
            return plain

    def _enqueued(self, side: int) -> Callable[[], None]:
        # Knows the parts and not the whole: a circle would hold the GPU's memory after its end.
        device, context, error = self._device, self._context, self._error
        up, down = tuple(self._given.values()), tuple(self._drawn.values())
        read, written = self._memory[side], self._memory[side - 1]
        moved = {given: written[name] for given, name in self._carried.items()}

        def enqueue() -> None:
            _bind(context, {**read, **moved})
            for pair in up:
                device.upload(pair.device, pair.host)
            if not context.execute_async_v3(device.stream):
                raise DeviceError(
                    f"TensorRT could not run the engine ({error}): close other programs that "
                    "use the GPU, or build the engine again with 'pechead-export tensorrt'"
                )
            for pair in down:
                device.download(pair.host, pair.device)

        return enqueue

    def _uploaded(self, array: Array) -> Any:
        memory = self._device.memory(array.nbytes)
        self._device.upload(memory, array)
        return memory

    def _pairs(self, ports: Iterable[Port]) -> dict[str, _Pair]:
        pairs: dict[str, _Pair] = {}
        for port in ports:
            host = self._device.pinned(port.shape, port.dtype)
            host.fill(0)
            pairs[port.name] = _Pair(host, self._device.memory(_bytes(port)))
        return pairs


def _bind(context: Any, addresses: Mapping[str, Any]) -> None:
    for name, memory in addresses.items():
        if not context.set_tensor_address(name, memory.ptr):
            raise DeviceError(
                f"TensorRT takes no memory for '{name}': build the engine again with "
                "'pechead-export tensorrt'"
            )


def _check_capturable(context: Any, stream: int) -> None:
    """`DeviceError` for an engine that takes memory as it runs: a graph would keep its addresses.
    TensorRT-RTX has such engines, and says so."""
    asked = getattr(context, "is_stream_capturable", None)
    if asked is not None and not asked(stream):
        raise DeviceError("no CUDA graph can be made (the engine takes memory in each frame)")


def _bytes(port: Port) -> int:
    return int(np.prod(port.shape)) * np.dtype(port.dtype).itemsize
