"""The `Stream` of TensorRT: constants and memory never leave the GPU."""

from collections.abc import Collection
from threading import Lock

from engines.engine import Array, Arrays, StreamState
from engines.manifest import Manifest
from engines.ports import check_arrays, frame_inputs
from engines.tensorrt.work import Work
from engines.turn import Turn
from pechead_live.errors import InputError

STALE = (
    "this state is used up or of another stream, its memory has been written over: give the state "
    "that the newest step returned, or begin with initial_state"
)


class TensorRTStream:
    """One recurrent use of an engine. A frame reads the memory on one side and writes the other's,
    so a state handed out before is gone."""

    def __init__(
        self,
        work: Work,
        manifest: Manifest,
        constants: Collection[str],
        lock: Lock,
        owner: object = None,
    ) -> None:
        """``work`` was made with these ``constants``, by name, and carries all that it can.
        ``lock`` is that of all who use the GPU's queue. ``owner``: what ``work`` runs on, which is
        TensorRT's engine and its finished kernels; it lives as long as the stream."""
        self._work: Work | None = work
        self._owner = owner
        self._given = frame_inputs(manifest, constants)
        self._lock = lock
        self._newest: Turn | None = None

    def initial_state(self) -> StreamState:
        """Zeros; every state handed out before is used up."""
        with self._lock:
            self._open_work().clear()
            self._newest = Turn(0)
            return StreamState(self._newest)

    def step(self, inputs: Arrays, state: StreamState) -> tuple[dict[str, Array], StreamState]:
        """See `Stream`. `InputError` for a state that is used up, `DeviceError` if the GPU fails;
        after any error the state that was handed in is still good."""
        given = check_arrays(self._given, inputs)
        with self._lock:
            work = self._open_work()
            if self._newest is None or state.memory is not self._newest:
                raise InputError(STALE)
            side = self._newest.side
            drawn = work.run(given, side)
            self._newest = Turn((side + 1) % work.sides)
            return drawn, StreamState(self._newest)

    def close(self) -> None:
        """Frees the memory; the engine does so, who holds the lock."""
        self._work = self._owner = None

    def _open_work(self) -> Work:
        if self._work is None:
            raise InputError("the engine of this stream is closed: open it again")
        return self._work
