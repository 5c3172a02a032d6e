"""`PicturesSeen`: the other end's video, while it sends some."""

import asyncio
from contextlib import suppress
from typing import Any, NamedTuple

import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from pechead_live.clock import Clock, monotonic
from pechead_live.frame import Pixels
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.rtc.peer import UNANSWERABLE, checked_offer

MOST_PIXELS = 1280 * 720
"""Of a picture that is shown: no end sends larger ones."""

STALE_S = 0.6
"""A picture that is older is shown no more: the avatar takes over."""


class Seen(NamedTuple):
    """Since the last time it was asked."""

    pictures: int
    lost: float
    """Share of the packets."""


class PicturesSeen:
    """Of one connection, from the answer to `close`. `picture` may be called in any thread."""

    def __init__(self, peer: RTCPeerConnection, *, clock: Clock = monotonic) -> None:
        """``peer``: that has not begun."""
        self._peer, self._clock = peer, clock
        self._newest: tuple[av.VideoFrame, float] | None = None
        self._converted: tuple[av.VideoFrame, Pixels] | None = None
        self.count = 0
        """Pictures, so far."""
        self._told = (0, 0, 0)
        self._task: asyncio.Task[None] | None = None
        peer.on("track", self._take_track)

    async def answer(self, sdp: str) -> str:
        """SDP, to the other end's offer. Raises `ApiRefusal`."""
        checked_offer({"type": "offer", "sdp": sdp})
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except UNANSWERABLE as error:
            raise ApiRefusal(400, "bad_offer", f"the video cannot be taken ({error})") from error
        return str(self._peer.localDescription.sdp)

    def picture(self) -> Pixels | None:
        """(H, W, 3) the newest; None while there is none, or it is old."""
        newest = self._newest
        if newest is None or self._clock() - newest[1] > STALE_S:
            return None
        frame, _ = newest
        converted = self._converted
        if converted is None or converted[0] is not frame:
            pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            self._converted = converted = frame, pixels
        return converted[1]

    def forget(self) -> None:
        """What came last is of something else than what comes next."""
        self._newest = self._converted = None

    async def seen(self) -> Seen:
        """What came since the last call."""
        received = lost = 0
        for receiver in self._peer.getReceivers():
            for stats in (await receiver.getStats()).values():
                if stats.type == "inbound-rtp":
                    received += stats.packetsReceived
                    lost += stats.packetsLost
        before, self._told = self._told, (self.count, received, lost)
        pictures, packets, missing = (n - b for n, b in zip(self._told, before, strict=True))
        missing = max(missing, 0)
        return Seen(pictures, missing / max(packets + missing, 1))

    async def close(self) -> None:
        """Ends it; what was seen last is forgotten."""
        if self._task is not None:
            self._task.cancel()
        self.forget()
        await self._peer.close()

    def _take_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and self._task is None:
            self._task = asyncio.ensure_future(self._keep(track))

    async def _keep(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                if frame.width * frame.height > MOST_PIXELS:
                    continue
                self._newest = frame, self._clock()
                self.count += 1
