"""The server's pictures on their way to this machine's sinks."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from pechead_live.clock import Clock, monotonic
from pechead_live.frame import Picture
from pechead_live.live.measurements import Measurements
from pechead_live.live.slot import Slot
from pechead_live.live.stage import Stage

logger = logging.getLogger(__name__)

REPEAT_S = 0.2
"""While none comes the last picture is written again this often: a film goes on, and a program that
reads the virtual camera does not wait for ever."""


class _Arrived(NamedTuple):
    frame: av.VideoFrame
    at: float


class Downlink:
    """Fail closed: what reaches the sinks is made of the server's pictures and of nothing else.

    While the server is away the last of them stays; before the first there is none.
    """

    def __init__(
        self,
        write: Callable[[Picture], None],
        size: tuple[int, int],
        *,
        measurements: Measurements,
        on_error: Callable[[Exception], None],
        clock: Clock = monotonic,
    ) -> None:
        """``write``: takes each picture, of ``size`` (width, height) in pixels."""
        self._write, self._size = write, size
        self._measurements, self._clock = measurements, clock
        self._arrivals: Slot[_Arrived] = Slot()
        self._stage = Stage("pictures", self._hand_on, on_error=on_error)
        self.last_at: float | None = None
        """When the newest picture came, seconds of the clock; None before the first."""
        self.age_s: float | None = None
        """How old a picture is when it comes, as far as that is known."""

    def start(self) -> None:
        """Begins."""
        self._stage.start()

    def finish(self, timeout_s: float) -> None:
        """Ends it and waits for that."""
        self._arrivals.close()
        self._stage.finish(timeout_s)

    @property
    def dropped(self) -> int:
        """Pictures that came while the one before was still being written."""
        return self._arrivals.dropped

    async def receive(self, track: MediaStreamTrack) -> None:
        """Takes what ``track`` brings until it ends."""
        try:
            while True:
                frame = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    self.last_at = self._clock()
                    self._measurements.count("pictures")
                    self._arrivals.put(_Arrived(frame, self.last_at))
        except MediaStreamError:
            logger.debug("the server's track has ended")

    def _hand_on(self) -> None:
        last: Picture | None = None
        while not self._arrivals.finished:
            arrived = self._arrivals.take(timeout_s=REPEAT_S)
            if arrived is not None:
                last = self._picture(arrived)
                self._write(last)
                if self.age_s is not None:
                    self._measurements.add("latency", self._clock() - last.captured_at)
            elif last is not None and not self._arrivals.finished:
                self._measurements.count("repeated pictures")
                self._write(replace(last, captured_at=self._clock()))

    def _picture(self, arrived: _Arrived) -> Picture:
        width, height = self._size
        # a server that cannot keep up sends smaller ones
        frame = arrived.frame.reformat(width=width, height=height, format="rgb24")
        pixels = np.asarray(frame.to_ndarray(), np.uint8)
        return Picture(pixels=pixels, captured_at=arrived.at - (self.age_s or 0.0))
