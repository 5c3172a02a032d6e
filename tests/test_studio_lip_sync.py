"""Sound leaves the server with the picture of the moment in which it was heard."""

import asyncio
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamTrack
from studio_visitor import Visitor, asked, studio_at, visited

from pechead_live.frame import Picture
from pechead_live.studio.rtc.incoming import BrowserCamera
from pechead_live.studio.rtc.outgoing import Broadcast
from pechead_live.studio.rtc.sound import DelayedSound

FPS, PIECE_S = 25, 0.02
EVERY_S = 0.4
"""Between two flashes, and between two beeps."""

WITHIN_S = 0.3
"""A flash's picture and a beep leave so soon after it, or they are another one's."""

SYNC_S = 0.04
"""Of sound against picture."""


class Paced(MediaStreamTrack):
    """Gives a piece at its time, as a device does; notes when one of every `EVERY_S` is given."""

    def __init__(self, kind: str, step_s: float, make: Callable[[int, bool], Any]) -> None:
        super().__init__()
        self.kind, self._step, self._make = kind, step_s, make
        self._number, self._began = 0, 0.0
        self.given: list[float] = []

    async def recv(self) -> Any:
        now = time.monotonic()
        self._began = self._began or now
        await asyncio.sleep(max(0.0, self._began + self._number * self._step - now))
        marked = self._number % round(EVERY_S / self._step) == 0
        if marked:
            self.given.append(time.monotonic())
        frame = self._make(self._number, marked)
        self._number += 1
        return frame


def flashing(number: int, lit: bool) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 255 if lit else 10, np.uint8))
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame


def beeping(number: int, loud: bool) -> av.AudioFrame:
    count = round(48_000 * PIECE_S)
    wave = (20_000 * np.sin(np.arange(count) * 0.2) * loud).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, number * count, Fraction(1, 48_000)
    return frame


def test_sound_leaves_with_its_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flashes: list[float] = []
    pictures: dict[float, float] = {}
    beeps: list[float] = []
    arrive, write, recv = BrowserCamera.put, Broadcast.write, DelayedSound.recv

    def arrived(self: BrowserCamera, frame: av.VideoFrame) -> None:
        if frame.to_ndarray(format="gray").mean() > 128:
            flashes.append(time.monotonic())
        arrive(self, frame)

    def written(self: Broadcast, picture: Picture) -> None:
        pictures[picture.captured_at] = time.monotonic()
        write(self, picture)

    async def handed_out(self: DelayedSound) -> av.AudioFrame:
        frame = await recv(self)
        if np.abs(frame.to_ndarray()).max() > 3000:
            beeps.append(time.monotonic())
        return frame

    monkeypatch.setattr(BrowserCamera, "put", arrived)
    monkeypatch.setattr(Broadcast, "write", written)
    monkeypatch.setattr(DelayedSound, "recv", handed_out)
    camera, microphone = Paced("video", 1 / FPS, flashing), Paced("audio", PIECE_S, beeping)

    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            visitor = Visitor([camera, microphone])
            body = {"offer": await visitor.offer(), "controls": {"size": "256"}}
            await visitor.accept((await asked(client, "POST", "/sessions", body))["answer"])
            await visitor.wait_for(lambda: len(visitor.heard) > 50, "sound")
            await asyncio.sleep(5.0)
            await visitor.close()

    asyncio.run(visit())
    settled = camera.given[-1] - 5.0  # the delay follows the latency of the last seconds
    seen = [
        after - given
        for given in camera.given
        for came in [next((t for t in flashes if 0 <= t - given < WITHIN_S), None)]
        for at, after in pictures.items()
        if given > settled and came is not None and abs(at - came) < 1 / FPS / 4
    ]
    heard = [
        after - given
        for given in microphone.given
        for after in [next((t for t in beeps if 0 <= t - given < WITHIN_S), None)]
        if given > settled and after is not None
    ]
    assert min(len(seen), len(heard)) >= 6
    apart = float(np.median(heard) - np.median(seen))
    assert abs(apart) <= SYNC_S, f"sound is {1000 * apart:.0f} ms later than its picture"
