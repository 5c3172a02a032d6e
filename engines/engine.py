"""`Engine` and `Stream`: a network that some runtime has loaded, and one recurrent use of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from engines.manifest import Manifest

Array = NDArray[Any]
"""Of a port's own dtype and shape."""

Arrays = Mapping[str, Array]
"""Port name to array."""


class StreamState(NamedTuple):
    """The memory between two frames, wherever it lies; only its stream looks inside."""

    memory: Any


class Stream(Protocol):
    """One recurrent use of an engine: what stays the same was given once, the memory never leaves
    the device."""

    def initial_state(self) -> StreamState:
        """Zeros."""
        ...

    def step(self, inputs: Arrays, state: StreamState) -> tuple[dict[str, Array], StreamState]:
        """The next frame: all inputs that are neither constant nor carried, in host memory, to all
        outputs that are not carried, and the state after it.

        The state that was handed in is used up where memory is reused in place (on a GPU).
        """
        ...


class Engine(Protocol):
    """A loaded and warmed-up network."""

    @property
    def manifest(self) -> Manifest:
        """What was opened."""
        ...

    @property
    def provider(self) -> str:
        """What really computes, in the runtime's own words, such as "CPUExecutionProvider"."""
        ...

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """All inputs to all outputs, in host memory. `InputError` names a port whose dtype or
        shape is not the manifest's."""
        ...

    def stream(self, constants: Arrays) -> Stream:
        """``constants``: the inputs that are the same for every frame."""
        ...

    def close(self) -> None:
        """Frees what it holds; calling it twice does no harm."""
        ...
