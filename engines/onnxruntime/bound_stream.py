"""The `Stream` of ONNX Runtime on a GPU: constants and memory never leave the device.

There are two sets of buffers for the memory. Each frame reads one and writes the other, so that
nothing is copied between two frames; a state handed out earlier is therefore gone.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from engines.engine import Array, Arrays, StreamState
from engines.manifest import Manifest, Port
from engines.ports import carried_inputs, check_arrays, check_constants, frame_inputs, zeros_of
from engines.turn import Turn
from pechead_live.errors import InputError


class Buffers(NamedTuple):
    """Values of ONNX Runtime on the device, bound once."""

    given: dict[str, Any]
    """Inputs of each frame."""

    drawn: dict[str, Any]
    """Outputs that are not carried."""

    memory: tuple[dict[str, Any], dict[str, Any]]
    """The two sets, by the name of the input."""


class BoundStream:
    """One recurrent use of a session through I/O binding."""

    def __init__(
        self,
        runtime: Any,
        session: Any,
        manifest: Manifest,
        constants: Arrays,
        *,
        device: str,
        run: Callable[[Any], None],
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """``runtime``: the module. ``device``: in its own words, "cuda" or "cpu". ``run`` runs the
        session with a binding, and refuses once the engine is closed. ``translated``: where what
        the runtime raises becomes a `DeviceError`."""
        kept = check_constants(manifest, constants)
        self._given = frame_inputs(manifest, kept)
        self._memory = carried_inputs(manifest)
        self._run = run
        self._translated = translated
        self._lock = Lock()
        self._newest: Turn | None = None
        drawn = [port for port in manifest.outputs if port.name not in manifest.carried]

        def on_device(ports: list[Port]) -> dict[str, Any]:
            return {
                name: runtime.OrtValue.ortvalue_from_numpy(array, device, 0)
                for name, array in zeros_of(ports).items()
            }

        self._buffers = Buffers(
            given=on_device(self._given),
            drawn=on_device(drawn),
            memory=(on_device(self._memory), on_device(self._memory)),
        )
        self._constants = {
            name: runtime.OrtValue.ortvalue_from_numpy(array, device, 0)
            for name, array in kept.items()
        }
        self._bindings = [self._bound(session, manifest, side) for side in (0, 1)]

    def initial_state(self) -> StreamState:
        """Zeros; every state handed out before is used up."""
        with self._lock, self._translated():
            for name, array in zeros_of(self._memory).items():
                self._buffers.memory[0][name].update_inplace(array)
            self._newest = Turn(0)
            return StreamState(self._newest)

    def step(self, inputs: Arrays, state: StreamState) -> tuple[dict[str, Array], StreamState]:
        """See `Stream`; `InputError` for a state that is used up, `DeviceError` if the GPU fails.
        After any error the state that was handed in is still good."""
        given = check_arrays(self._given, inputs)
        with self._lock, self._translated():
            if self._newest is None or state.memory is not self._newest:
                raise InputError(
                    "this state is used up or of another stream, its memory has been written over: "
                    "give the state that the newest step returned, or begin with initial_state"
                )
            side = self._newest.side
            for name, array in given.items():
                self._buffers.given[name].update_inplace(array)
            binding = self._bindings[side]
            binding.synchronize_inputs()
            self._run(binding)
            binding.synchronize_outputs()
            # copies: the buffers are the next frame's
            found = {name: np.array(value.numpy()) for name, value in self._buffers.drawn.items()}
            self._newest = Turn(1 - side)
            return found, StreamState(self._newest)

    def _bound(self, session: Any, manifest: Manifest, side: int) -> Any:
        """Everything bound, the memory read from ``side`` and written to the other."""
        binding = session.io_binding()
        read, written = self._buffers.memory[side], self._buffers.memory[1 - side]
        for name, value in {**self._constants, **self._buffers.given, **read}.items():
            binding.bind_ortvalue_input(name, value)
        for name, value in self._buffers.drawn.items():
            binding.bind_ortvalue_output(name, value)
        for given, name in manifest.carried.items():
            binding.bind_ortvalue_output(given, written[name])
        return binding
