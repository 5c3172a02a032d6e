"""A bad line between a visitor and the studio: packets are lost, late and out of order."""

import asyncio
import random
from typing import Any

from aiortc import RTCPeerConnection


class BadLine:
    """Sits on a connected peer's ICE transport, both ways; good until told otherwise."""

    def __init__(self, peer: RTCPeerConnection, *, seed: int = 0) -> None:
        self.loss, self.jitter_s = 0.0, 0.0
        """Share of packets that are lost; longest extra delay of one, seconds."""
        self.lost = self.carried = 0
        self._random = random.Random(seed)
        transport: Any = peer.getSenders()[0].transport.transport
        self._send, self._recv = transport._send, transport._recv
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        transport._send, transport._recv = self._sent, self._received
        self._pump = asyncio.ensure_future(self._take_in())

    def close(self) -> None:
        self._pump.cancel()

    async def _sent(self, data: bytes) -> None:
        wait = self._fate()
        if wait is None:
            return
        if wait:
            loop = asyncio.get_running_loop()
            loop.call_later(wait, lambda: asyncio.ensure_future(self._quietly(data)))
        else:
            await self._send(data)

    async def _quietly(self, data: bytes) -> None:
        try:
            await self._send(data)
        except ConnectionError:
            return

    async def _received(self) -> bytes:
        return await self._arrived.get()

    async def _take_in(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await self._recv()
            except ConnectionError:
                return
            wait = self._fate()
            if wait is not None:
                loop.call_later(wait, self._arrived.put_nowait, data)

    def _fate(self) -> float | None:
        """How much later a packet comes; None if it never does."""
        if self._random.random() < self.loss:
            self.lost += 1
            return None
        self.carried += 1
        return self._random.uniform(0, self.jitter_s)
