"""This end's sound: Opus for a thin line, with whatever rides in it."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from pechead_live.calling.microphone import RATE, Microphone, Piece
from pechead_live.calling.opus_padding import ride
from pechead_live.calling.riders import Riders
from pechead_live.errors import InputError

PACKET_MS = (20, 40, 60, 80, 120)


@dataclass(frozen=True, kw_only=True)
class VoiceConfig:
    """Sound on the wire."""

    bitrate: int = 12_000
    """Bits of Opus a second; 6,000 is intelligible, 24,000 is good."""

    packet_ms: int = 60
    """Of sound in a packet: each packet's headers cost as much as 100 bits a millisecond."""

    def __post_init__(self) -> None:
        if not 6_000 <= self.bitrate <= 128_000:
            raise InputError(f"sound of {self.bitrate} bit/s: give 6000 to 128000")
        if self.packet_ms not in PACKET_MS:
            raise InputError(f"packets of {self.packet_ms} ms: give one of {PACKET_MS}")


class VoiceTrack(MediaStreamTrack):
    """A microphone's sound as packets of Opus, one at a time, when they are full."""

    kind = "audio"

    def __init__(
        self,
        microphone: Microphone,
        take_riders: Callable[[float], Riders],
        config: VoiceConfig,
        *,
        may_speak: Callable[[], bool],
    ) -> None:
        """``may_speak``: what is heard while it says no is left out. ``take_riders``: what shall
        ride in a packet whose sound was heard from then on; called in the event loop's thread."""
        super().__init__()
        self._microphone, self._take_riders = microphone, take_riders
        self._may_speak = may_speak
        self._codec = av.CodecContext.create("libopus", "w")
        self._codec.bit_rate = config.bitrate
        self._codec.format, self._codec.layout = "s16", "mono"
        self._codec.sample_rate = RATE
        self._codec.time_base = Fraction(1, RATE)
        self._codec.options = {
            "application": "voip",
            "frame_duration": str(config.packet_ms),
            "vbr": "constrained",
        }
        self._length_s = config.packet_ms / 1000
        self._ready: deque[Any] = deque()
        self._heard = 0
        self._heard_until = 0.0
        self.packets = 0

    async def recv(self) -> Any:
        """The next packet. Raises `MediaStreamError` at the end."""
        while not self._ready:
            piece = await asyncio.to_thread(self._microphone.read)
            if piece is None or self.readyState != "live":
                raise MediaStreamError
            if self._may_speak():
                self._ready.extend(self._encoded(piece))
            self._heard_until = piece.heard_at + len(piece.samples) / RATE
        opus = self._ready.popleft()
        riders = self._take_riders(self._heard_until - self._length_s)
        content = (ride(bytes(opus), riders) if riders else None) or bytes(opus)
        packet = av.Packet(content)
        packet.pts = round(self.packets * self._length_s * RATE)
        packet.time_base = Fraction(1, RATE)
        self.packets += 1
        return packet

    def _encoded(self, piece: Piece) -> list[Any]:
        frame = av.AudioFrame.from_ndarray(piece.samples[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._heard
        self._heard += len(piece.samples)
        return list(self._codec.encode(frame))
