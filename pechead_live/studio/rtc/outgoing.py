"""Pictures to browsers: a track that never queues, and the sink that feeds all tracks."""

import asyncio
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from pechead_live.frame import Frame, Picture
from pechead_live.studio.adapting import halves

CLOCK_RATE = 90_000
"""Ticks per second of video in RTP (RFC 3551)."""


SHORTEST = CLOCK_RATE // 1000
"""Ticks from one picture to the next, at least. An idle picture is drawn now, and a frame that was
captured before it may be drawn after it: an encoder ends at a time that does not grow."""


def video_frame(picture: Picture | Frame, after: int = -1) -> av.VideoFrame:
    """``picture`` (even sides; a frame, where the camera is at this end) as an encoder takes it,
    its `captured_at` as presentation time, later than ``after`` (ticks) whatever it is."""
    planes = np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2YUV_I420), np.uint8)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = max(int(picture.captured_at * CLOCK_RATE), after + SHORTEST)
    frame.time_base = Fraction(1, CLOCK_RATE)
    return frame


def half(frame: av.VideoFrame) -> av.VideoFrame:
    """Half the side, even, at the same time."""
    width, height = (max(2, side // 4 * 2) for side in (frame.width, frame.height))
    return frame.reformat(width=width, height=height)


class PictureTrack(MediaStreamTrack):
    """One viewer's video: each `recv` waits for a picture newer than the last one."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._newest: av.VideoFrame | None = None
        self._arrived = asyncio.Event()
        self.dropped = 0
        self._pixels = 0
        self._halved = False

    def fit(self, bitrate: int | None) -> None:
        """Sends half the side where ``bitrate`` (bits a second) is too little for all of it."""
        if self._pixels:
            self._halved = halves(bitrate, self._pixels, halved=self._halved)

    def put(self, frame: av.VideoFrame) -> None:
        """Offers ``frame``; one that was not sent yet is dropped. In the event loop's thread."""
        if self._newest is not None:
            self.dropped += 1
        self._pixels = frame.width * frame.height
        self._newest = frame
        self._arrived.set()

    async def recv(self) -> av.VideoFrame:
        """The newest frame. Raises `MediaStreamError` once the track is stopped."""
        await self._arrived.wait()
        self._arrived.clear()
        frame, self._newest = self._newest, None
        if self.readyState != "live" or frame is None:
            raise MediaStreamError
        return half(frame) if self._halved else frame

    def stop(self) -> None:
        """Ends the track and wakes who waits for it."""
        super().stop()
        self._arrived.set()


class Broadcast:
    """The sink of the session's viewers; it converts a picture once for all of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tracks: frozenset[PictureTrack] = frozenset()
        self._last = -1

    @property
    def viewers(self) -> int:
        """How many there are."""
        return len(self._tracks)

    def add(self) -> PictureTrack:
        """A track for a new viewer; in the event loop's thread, as `remove`."""
        track = PictureTrack()
        self._tracks |= {track}
        return track

    def remove(self, track: PictureTrack) -> None:
        """Ends a viewer's track; one that has ended already does no harm."""
        self._tracks -= {track}
        track.stop()

    def write(self, picture: Picture) -> None:
        """Offers ``picture`` to every track; waits for none."""
        if self._tracks and not self._loop.is_closed():
            frame = video_frame(picture, self._last)
            self._last = frame.pts or 0
            self._loop.call_soon_threadsafe(self._hand_out, frame)

    def close(self) -> None:
        """Nothing to free: the tracks end with their connections."""

    def _hand_out(self, frame: Any) -> None:
        for track in self._tracks:
            track.put(frame)
