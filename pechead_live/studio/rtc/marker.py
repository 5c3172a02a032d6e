"""aiortc hands a video frame on when the next one's first packet comes: one frame late.

The last packet of a frame carries RTP's marker bit (RFC 3550, sec. 5.1; for VP8 RFC 7741), so a
frame whose packets are all there is complete at once. p50/p95 from camera to page fell from 67/100
to 33/67 ms with this (VP8, 25 frames/s).

And it waits for a lost packet until its buffer of 128 packets is full, which takes seconds of
standing picture. Here what is missing is given up after `LATE_S`, and a whole picture asked for.

Of sound it holds four packets back, 80 ms, which no picture waits for: with one, what is out of
order still comes in order, and `PIECE_S` later than it could.

All reach into the library's jitter buffer, so they are for the releases they were tried with only.
"""

import logging
from importlib.metadata import version
from typing import Any

from aiortc.jitterbuffer import JitterBuffer, JitterFrame

logger = logging.getLogger(__name__)

LATE_S = 0.2
"""How long a lost packet is waited for: it is asked for again at once, so this is the longest way
there and back that such a repair may take."""

PIECE_S = 0.02
"""Of sound in a packet, and how long that waits in the buffer."""

CLOCK_RATE = 90_000
"""Ticks per second of video in RTP (RFC 3551)."""

TRIED = ("1.16.",)
"""Releases of aiortc whose jitter buffer is the one that is meant."""


def emit_on_marker() -> bool:
    """Lets jitter buffers of video give a frame as soon as it is complete, and those of sound a
    piece with the next one; once is enough.

    False, and a line in the log, with a release of aiortc that was not tried.
    """
    found = version("aiortc")
    if not found.startswith(TRIED):
        logger.warning(
            "aiortc %s was not tried with frames on the marker: they come one frame late, and "
            "sound 80 ms",
            found,
        )
        return False
    if JitterBuffer.add is not _add:
        JitterBuffer.add = _add  # type: ignore[method-assign]
    return True


_original: Any = JitterBuffer.add


def _add(self: Any, packet: Any) -> tuple[bool, JitterFrame | None]:
    if not self._is_video:
        self._prefetch = min(self._prefetch, 1)
    lost, frame = _original(self, packet)
    if frame is None and self._is_video:
        frame = _complete(self)
        if frame is None and _gives_up(self, packet):
            lost, frame = True, _complete(self)
    return lost, frame


def _gives_up(buffer: Any, newest: Any) -> bool:
    """Whether what is missing is `LATE_S` behind ``newest``; all before the last frame that begins
    in the buffer is then gone from it: the whole picture that is asked for needs none of it."""
    waiting = [
        buffer._packets[(buffer._origin + count) % buffer.capacity]  # noqa: SLF001
        for count in range(buffer.capacity)
    ]
    oldest = next((packet for packet in waiting if packet is not None), newest)
    behind = (newest.timestamp - oldest.timestamp) & 0xFFFFFFFF
    if not LATE_S * CLOCK_RATE < behind < 1 << 31:
        return False
    for count in range(buffer.capacity - 1, waiting.index(None), -1):
        before = waiting[count - 1]
        if waiting[count] is not None and before is not None and before.marker:
            buffer.remove(count)
            return True
    return False


def _complete(buffer: Any) -> JitterFrame | None:
    """The oldest frame if all of it is there, the marker's packet too; it leaves the buffer."""
    data: list[bytes] = []
    timestamp: int | None = None
    for count in range(buffer.capacity):
        packet = buffer._packets[(buffer._origin + count) % buffer.capacity]  # noqa: SLF001
        if packet is None or timestamp not in (None, packet.timestamp):
            return None
        timestamp = packet.timestamp
        data.append(packet._data)  # noqa: SLF001
        if packet.marker:
            buffer.remove(count + 1)
            return JitterFrame(data=b"".join(data), timestamp=packet.timestamp)
    return None
