"""Sinks that come and go while a loop runs: a recording, a virtual camera."""

import logging
import threading
from functools import partial
from typing import NamedTuple

from pechead_live.clock import Clock, monotonic
from pechead_live.errors import InputError
from pechead_live.frame import Picture
from pechead_live.live.delivery import deliver
from pechead_live.live.drawing import Drawn
from pechead_live.live.measurements import Measurements
from pechead_live.live.slot import Slot
from pechead_live.live.stage import Stage
from pechead_live.protocols import Sink

logger = logging.getLogger(__name__)


class _Outlet(NamedTuple):
    sink: Sink
    pictures: Slot[Drawn]
    stage: Stage


class Outlets:
    """A sink that hands its pictures on to others, each with a slot and a thread of its own.

    One that fails is dropped with an error in the log; the others go on.
    """

    def __init__(
        self, measurements: Measurements, *, finish_s: float = 10.0, clock: Clock = monotonic
    ) -> None:
        """``finish_s``: how long a sink may take to finish its file."""
        self._measurements, self._finish_s, self._clock = measurements, finish_s, clock
        self._lock = threading.Lock()
        self._outlets: dict[str, _Outlet] = {}
        self._failures: dict[str, str] = {}

    @property
    def sinks(self) -> dict[str, Sink]:
        """Those that are open, by name."""
        with self._lock:
            return {name: outlet.sink for name, outlet in self._outlets.items()}

    @property
    def failures(self) -> dict[str, str]:
        """What the sinks that failed had to say, by name, until one of that name is added again."""
        with self._lock:
            return dict(self._failures)

    def add(self, name: str, sink: Sink) -> None:
        """Starts to hand pictures to ``sink``. Raises `InputError` if there is one of that name."""
        pictures: Slot[Drawn] = Slot()
        work = partial(
            deliver,
            name,
            sink,
            pictures,
            measurements=self._measurements,
            clock=self._clock,
            on_failure=self._drop,
        )
        stage = Stage(f"sink {name}", work, on_error=partial(self._drop, name))
        with self._lock:
            if name in self._outlets:
                raise InputError(f"there is a sink {name!r} already: end it first")
            self._outlets[name] = _Outlet(sink, pictures, stage)
            self._failures.pop(name, None)
        stage.start()

    def remove(self, name: str) -> None:
        """Ends the sink and waits until its file is complete; nothing if there is none."""
        with self._lock:
            outlet = self._outlets.pop(name, None)
        if outlet is not None:
            outlet.pictures.close()
            outlet.stage.finish(self._finish_s)

    def write(self, picture: Picture) -> None:
        """Hands ``picture`` to every sink; waits for none."""
        with self._lock:
            outlets = list(self._outlets.values())
        for outlet in outlets:
            # the loop itself measures how old a picture is here: not live again
            outlet.pictures.put(Drawn(picture, live=False))

    def close(self) -> None:
        """Ends all of them."""
        for name in list(self.sinks):
            self.remove(name)

    def _drop(self, name: str, error: Exception) -> None:
        logger.error("sink %s failed and is dropped: %s", name, error)
        self._measurements.count("sink failures")
        with self._lock:
            if self._outlets.pop(name, None) is not None:
                self._failures[name] = str(error)
