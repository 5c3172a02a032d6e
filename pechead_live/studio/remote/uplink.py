"""The camera's newest frame on its way to the server: two threads and a slot, never a queue."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import av
import cv2
import numpy as np

from pechead_live.frame import Frame
from pechead_live.live.capture import capture
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.slot import Slot
from pechead_live.live.stage import Stage
from pechead_live.protocols import Camera
from pechead_live.studio.rtc.incoming import MOST_PIXELS
from pechead_live.studio.rtc.outgoing import PictureTrack, video_frame


class _Goal(NamedTuple):
    loop: asyncio.AbstractEventLoop
    track: PictureTrack


class Uplink:
    """Runs from `start` to `finish`. Frames go to the track of the connection there is, if any.

    A camera that fails is opened again, as in the live loop; the server's avatar idles meanwhile.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        *,
        config: LoopConfig,
        measurements: Measurements,
        stop: threading.Event,
        on_error: Callable[[Exception], None],
    ) -> None:
        self._config = config
        self._frames: Slot[Frame] = Slot()
        self._lock = threading.Lock()
        self._goal: _Goal | None = None
        self._last = -1
        work = partial(
            capture,
            open_camera,
            self._frames,
            config=config,
            measurements=measurements,
            stop=stop,
        )
        self._stages = [
            Stage("camera", work, following=[self._frames], on_error=on_error),
            Stage("frames", self._hand_on, on_error=on_error),
        ]

    @property
    def running(self) -> bool:
        """False once the camera's stream has ended."""
        return self._stages[0].running

    @property
    def dropped(self) -> int:
        """Frames that came while the one before was still being prepared."""
        return self._frames.dropped

    def start(self) -> None:
        """Opens the camera and begins."""
        for stage in self._stages:
            stage.start()

    def finish(self) -> None:
        """Waits for the end, which the caller's ``stop`` has asked for."""
        self._frames.close()
        for stage in reversed(self._stages):
            stage.finish(self._config.finish_s)

    def attach(self) -> PictureTrack:
        """The track for a new connection, in its event loop; the one before gets no more."""
        track = PictureTrack()
        with self._lock:
            self._goal = _Goal(asyncio.get_running_loop(), track)
        return track

    def detach(self) -> None:
        """No connection: frames are let go."""
        with self._lock:
            goal, self._goal = self._goal, None
        if goal is not None:
            goal.track.stop()

    def _offer(self, made: av.VideoFrame) -> None:
        with self._lock:  # the loop may end as soon as its track is detached
            if self._goal is not None:
                self._goal.loop.call_soon_threadsafe(self._goal.track.put, made)

    def _hand_on(self) -> None:
        while not self._frames.finished:
            frame = self._frames.take()
            if frame is None or self._goal is None:
                continue
            made = video_frame(fitting(frame), self._last)
            self._last = made.pts or 0
            self._offer(made)


def fitting(frame: Frame) -> Frame:
    """``frame`` with even sides, as an encoder wants them, and no more than `MOST_PIXELS`, more
    than which no tracker needs."""
    height, width = frame.pixels.shape[:2]
    factor = min(1.0, (MOST_PIXELS / (width * height)) ** 0.5)
    wide, high = (max(2, int(side * factor) // 2 * 2) for side in (width, height))
    if factor < 1:
        pixels = cv2.resize(frame.pixels, (wide, high), interpolation=cv2.INTER_AREA)
    else:
        pixels = np.ascontiguousarray(frame.pixels[:high, :wide])
    return Frame(pixels=np.asarray(pixels, np.uint8), captured_at=frame.captured_at)
