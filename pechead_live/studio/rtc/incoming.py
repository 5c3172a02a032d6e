"""A browser's camera track as a `Camera`: the newest frame, never a queue."""

import logging

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from pechead_live.clock import Clock, monotonic
from pechead_live.frame import Frame
from pechead_live.live.slot import Slot

logger = logging.getLogger(__name__)

MOST_PIXELS = 1280 * 720
"""A larger frame is made smaller before the tracker looks at it, which needs no more."""


class BrowserCamera:
    """What a browser sends, whichever connection it comes by: a page that was loaded again goes on
    where the last one ended."""

    def __init__(self, *, fps: float = 30.0, clock: Clock = monotonic) -> None:
        self._fps, self._clock = fps, clock
        self._slot: Slot[tuple[av.VideoFrame, float]] = Slot()

    @property
    def fps(self) -> float:
        """Frames per second that a browser is asked for."""
        return self._fps

    def put(self, frame: av.VideoFrame) -> None:
        """A frame that has just arrived; one that nobody has read yet is dropped for it."""
        self._slot.put((frame, self._clock()))

    def read(self) -> Frame | None:
        """The newest frame, once; waits for it. None after `close`."""
        arrived = self._slot.take()
        if arrived is None:
            return None
        frame, captured_at = arrived
        many = frame.width * frame.height / MOST_PIXELS
        if many > 1:
            factor = many**-0.5
            frame = frame.reformat(
                width=max(2, round(frame.width * factor)),
                height=max(2, round(frame.height * factor)),
            )
        pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        return Frame(pixels=pixels, captured_at=captured_at)

    def close(self) -> None:
        """Ends the stream."""
        self._slot.close()


async def receive(track: MediaStreamTrack, camera: BrowserCamera) -> None:
    """Hands what ``track`` brings to ``camera`` until the track ends."""
    try:
        while True:
            frame = await track.recv()
            if isinstance(frame, av.VideoFrame):
                camera.put(frame)
    except MediaStreamError:
        logger.info("the browser's camera track has ended")
