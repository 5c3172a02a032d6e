"""The `Stream` of runtimes whose memory is the host's: nothing to bind, the state is a value."""

from collections.abc import Callable
from typing import Any

from engines.engine import Array, Arrays, StreamState
from engines.manifest import Manifest
from engines.ports import carried_inputs, check_arrays, check_constants, frame_inputs, zeros_of
from pechead_live.errors import InputError

Compute = Callable[[dict[str, Array]], dict[str, Array]]
"""All inputs, checked, to all outputs, which belong to the caller."""


class HostStream:
    """Keeps the constants; a state may be used more than once and in any order."""

    def __init__(self, manifest: Manifest, compute: Compute, constants: Arrays) -> None:
        """``constants`` as `Engine.stream`; `InputError` names one that does not fit."""
        self._compute = compute
        self._constants = check_constants(manifest, constants)
        self._given = frame_inputs(manifest, self._constants)
        self._memory = carried_inputs(manifest)
        self._carried = manifest.carried

    def initial_state(self) -> StreamState:
        """Zeros."""
        return StreamState(zeros_of(self._memory))

    def step(self, inputs: Arrays, state: StreamState) -> tuple[dict[str, Array], StreamState]:
        """See `Stream`; the state that was handed in stays as it was."""
        given = check_arrays(self._given, inputs)
        memory = check_arrays(self._memory, _arrays(state))
        found = self._compute({**self._constants, **given, **memory})
        carried = {name: found.pop(given) for given, name in self._carried.items()}
        return found, StreamState(carried)


def _arrays(state: StreamState) -> dict[str, Any]:
    if not isinstance(state.memory, dict):
        raise InputError(
            "this state belongs to another stream: give what initial_state or step of this one "
            "returned"
        )
    return state.memory
