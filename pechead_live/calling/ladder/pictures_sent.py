"""`PicturesSent`: this end's video, over a connection of its own.

One way, made when it is first needed and closed when it is not any more: the call's own connection
carries motion and sound, however this one fares.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from pechead_live.calling.ladder.rungs import Rung
from pechead_live.errors import InputError
from pechead_live.frame import Picture, Pixels
from pechead_live.studio.rtc.bitrate import BitrateConfig, set_bitrates
from pechead_live.studio.rtc.outgoing import PictureTrack, video_frame

EARLY = 0.6
"""Of the time between two pictures: one that comes sooner is left out."""


@dataclass(frozen=True, kw_only=True)
class PictureForm:
    """Video of a rung."""

    side: int
    """Of the square that is sent, pixels."""
    fps: float
    """Pictures a second, at most."""
    bitrates: BitrateConfig
    """Bits a second."""

    def __post_init__(self) -> None:
        if self.side % 2 or not 64 <= self.side <= 1024 or not 1 <= self.fps <= 60:
            raise InputError(
                f"pictures of {self.side} pixels at {self.fps} a second: give an even side of 64 "
                "to 1024, and 1 to 60 a second"
            )


FORMS = {
    Rung.LOW: PictureForm(
        side=192, fps=12.5, bitrates=BitrateConfig(least=50_000, first=50_000, most=50_000)
    ),
    Rung.VIDEO: PictureForm(
        side=480, fps=25.0, bitrates=BitrateConfig(least=150_000, first=400_000, most=700_000)
    ),
}
"""aiortc's encoder begins anew, with a whole picture, whenever the rate changes by a tenth: a small
video has one rate."""


def squared(pixels: Pixels, side: int) -> Pixels:
    """(side, side, 3): the largest square in the middle of ``pixels``."""
    height, width = pixels.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    middle = pixels[top : top + edge, left : left + edge]
    if edge == side:
        return middle
    way = cv2.INTER_AREA if edge > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(middle, (side, side), interpolation=way), np.uint8)


def fitted(picture: Picture, rung: Rung) -> Picture:
    """As large as the video of ``rung``, if it has one."""
    form = FORMS.get(rung)
    if form is None or picture.pixels.shape[:2] == (form.side, form.side):
        return picture
    return Picture(pixels=squared(picture.pixels, form.side), captured_at=picture.captured_at)


class PicturesSent:
    """From the offer to `close`, in the event loop's thread."""

    def __init__(self, peer: RTCPeerConnection, rung: Rung) -> None:
        """``peer``: that has not begun."""
        self._peer = peer
        self._track = PictureTrack()
        self._put = 0
        self._last = -1
        self.take_rung(rung)

    def take_rung(self, rung: Rung) -> None:
        """Pictures are of ``rung`` from now on."""
        self._rung, self._form = rung, FORMS[rung]
        set_bitrates(self._form.bitrates)

    async def offer(self) -> str:
        """Its SDP, to be answered by the other end."""
        transceiver = self._peer.addTransceiver(self._track, direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([c for c in codecs if c.mimeType.lower() == "video/vp8"])
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def take_answer(self, sdp: str) -> None:
        """The other end's."""
        await self._peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    @property
    def connected(self) -> bool:
        """Whether pictures arrive anywhere."""
        return bool(self._peer.connectionState == "connected")

    @property
    def sent(self) -> int:
        """Pictures, so far."""
        return self._put - self._track.dropped

    def put(self, picture: Picture) -> None:
        """Sends ``picture``, of any size, unless it comes too soon."""
        ticks = int(picture.captured_at * 90_000)
        if not self.connected or ticks - self._last < EARLY * 90_000 / self._form.fps:
            return
        frame = video_frame(fitted(picture, self._rung), self._last)
        self._last = frame.pts or 0
        self._put += 1
        self._track.put(frame)

    async def close(self) -> None:
        """Ends it."""
        self._track.stop()
        await self._peer.close()
