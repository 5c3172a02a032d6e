"""Sound in step with the picture: what the microphone gives, as much later as the picture is."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from pechead_live.clock import Clock, monotonic

LONGEST_S = 2.0
"""Sound older than this is left out: nothing builds up while nobody listens."""

TICK_S = 0.005
"""Shortest wait for sound that is not due yet."""


class _Heard(NamedTuple):
    frame: av.AudioFrame
    at: float


class DelayedSound(MediaStreamTrack):
    """Audio frames, each handed out ``delay()`` seconds after it came.

    A delay that grows or shrinks by less than ``slack_s`` is left as it is: every change is heard.
    """

    kind = "audio"

    def __init__(
        self, delay: Callable[[], float], *, slack_s: float = 0.02, clock: Clock = monotonic
    ) -> None:
        super().__init__()
        self._delay, self._slack_s, self._clock = delay, slack_s, clock
        self._heard: deque[_Heard] = deque()
        self._arrived = asyncio.Event()
        self._samples = 0
        self.delay_s = 0.0

    def put(self, frame: av.AudioFrame) -> None:
        """Sound that has just arrived."""
        now = self._clock()
        self._heard.append(_Heard(frame, now))
        while now - self._heard[0].at > LONGEST_S:
            self._heard.popleft()
        self._arrived.set()

    async def recv(self) -> av.AudioFrame:
        """The next frame, when it is due. Raises `MediaStreamError` once the track is stopped."""
        while True:
            if self.readyState != "live":
                raise MediaStreamError
            wanted = self._delay()
            if abs(wanted - self.delay_s) > self._slack_s:
                self.delay_s = wanted
            if not self._heard:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            left = self._heard[0].at + self.delay_s - self._clock()
            if left <= 0:
                return self._stamped(self._heard.popleft().frame)
            await asyncio.sleep(max(left, TICK_S))

    def stop(self) -> None:
        """Ends the track and wakes who waits for it."""
        super().stop()
        self._arrived.set()

    def _stamped(self, frame: av.AudioFrame) -> av.AudioFrame:
        """A copy, as other viewers hear the same frame, with times that go on without a gap."""
        copy = av.AudioFrame.from_ndarray(
            frame.to_ndarray(), format=frame.format.name, layout=frame.layout.name
        )
        copy.sample_rate = frame.sample_rate
        copy.pts = self._samples
        copy.time_base = Fraction(1, frame.sample_rate)
        self._samples += frame.samples
        return copy


class Hearer(Protocol):
    """Who wants sound."""

    def put(self, frame: av.AudioFrame) -> None:
        """Sound that has just arrived."""
        ...


async def listen(track: MediaStreamTrack, sounds: Callable[[], Sequence[Hearer]]) -> None:
    """Hands what ``track`` brings to those who want it at that moment, until the track ends."""
    try:
        while True:
            frame = await track.recv()
            if isinstance(frame, av.AudioFrame):
                for sound in sounds():
                    sound.put(frame)
    except MediaStreamError:
        return
