"""A visitor of the studio without a browser: an aiortc peer and an HTTP client in one process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import aioice.ice
import av
import numpy as np
from aiohttp.test_utils import TestClient, TestServer
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, MediaStreamTrack

from pechead_live.cli.serve import parts_of
from pechead_live.studio.config import StudioConfig
from pechead_live.studio.gallery import Gallery
from pechead_live.studio.gate import GateConfig
from pechead_live.studio.intake import Intake
from pechead_live.studio.server import Studio, studio_app
from pechead_live.tracker.mediapipe import open_mediapipe_tracker

FPS = 20


class ClipTrack(MediaStreamTrack):
    """Pictures (H, W, 3) over and over, in real time."""

    kind = "video"

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        super().__init__()
        self._pictures, self._number = pictures, 0
        self._began = 0.0

    async def recv(self) -> av.VideoFrame:
        now = asyncio.get_running_loop().time()
        self._began = self._began or now
        due = self._began + self._number / FPS
        await asyncio.sleep(max(0.0, due - now))
        frame = av.VideoFrame.from_ndarray(self._pictures[self._number % len(self._pictures)])
        frame.pts, frame.time_base = self._number, Fraction(1, FPS)
        self._number += 1
        return frame


class Visitor:
    """A connection with a session."""

    def __init__(
        self, send: Sequence[MediaStreamTrack], ice_servers: Sequence[RTCIceServer] = ()
    ) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=list(ice_servers)))
        self.pictures: list[np.ndarray] = []
        self.received = 0
        """Pictures so far; only the last of them are kept."""
        self.heard: list[av.AudioFrame] = []
        self._tasks: list[asyncio.Task[None]] = []
        for track in send:
            self.peer.addTrack(track)
        kinds = {track.kind for track in send}
        for kind in {"video", "audio"} - kinds:
            self.peer.addTransceiver(kind, direction="recvonly")
        self.peer.on("track", self._take)

    async def offer(self) -> dict[str, str]:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return {"type": "offer", "sdp": self.peer.localDescription.sdp}

    async def accept(self, answer: dict[str, str]) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(**answer))

    async def wait_for(
        self, enough: Callable[[], bool], what: str, *, seconds: float = 20.0
    ) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not enough():
            assert loop.time() < end, f"waited {seconds} s for {what}"
            await asyncio.sleep(0.02)

    async def next_picture(self) -> np.ndarray:
        """One that was not there yet."""
        count = len(self.pictures)
        await self.wait_for(lambda: len(self.pictures) > count, "another picture")
        return self.pictures[-1]

    async def close(self) -> None:
        await self.peer.close()
        for task in self._tasks:
            task.cancel()

    def _take(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.ensure_future(self._keep(track)))

    async def _keep(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame: Any = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    self.received += 1
                    self.pictures.append(frame.to_ndarray(format="rgb24"))
                    del self.pictures[:-200]
                else:
                    self.heard.append(frame)
        except MediaStreamError:
            return


def studio_at(folder: Path, **settings: Any) -> Studio:
    """A studio with its files below ``folder``, ``settings`` of its `StudioConfig`; it draws what
    it is asked to, however busy the machine is."""
    settings = {"adapts": False} | settings
    gallery = Gallery(folder / "avatars")
    return Studio(
        parts=parts_of(open_mediapipe_tracker, gallery.open),
        gallery=gallery,
        intake=Intake(),
        gate=GateConfig(hosts=frozenset({"127.0.0.1"}), requests_per_second=1e4, burst=10_000),
        config=StudioConfig(recordings=folder / "recordings", **settings),
        program="0",
    )


@asynccontextmanager
async def visited(
    studio: Studio, addresses: Sequence[str] = ("127.0.0.1",)
) -> AsyncIterator[TestClient[Any, Any]]:
    """An HTTP client of a server that runs ``studio``; ICE stays on this machine, and offers
    ``addresses`` of it."""
    before = aioice.ice.get_host_addresses
    aioice.ice.get_host_addresses = lambda **_: list(addresses)
    try:
        async with TestClient(TestServer(studio_app(studio))) as client:
            yield client
    finally:
        aioice.ice.get_host_addresses = before


async def asked(client: TestClient[Any, Any], method: str, path: str, body: object = None) -> Any:
    """The JSON of an answer that is 2xx."""
    async with client.request(method, f"/api/v1{path}", json=body) as answer:
        assert answer.status < 300, (answer.status, await answer.text())
        return await answer.json() if answer.status != 204 else None


class Tone(AudioStreamTrack):
    """A sound that goes on, in real time."""

    async def recv(self) -> av.AudioFrame:
        silence: Any = await super().recv()
        phase = 0.1 * (silence.pts + np.arange(silence.samples))
        frame = av.AudioFrame.from_ndarray(
            (8000 * np.sin(phase)).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = silence.sample_rate, silence.pts
        frame.time_base = silence.time_base
        return frame


def microphone() -> MediaStreamTrack:
    return Tone()
