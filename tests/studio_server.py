"""A studio's server in a thread of its own, which can be stopped and started again."""

import asyncio
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import aioice.ice
from aiohttp import web
from studio_visitor import studio_at

from pechead_live.studio.gate import GateConfig
from pechead_live.studio.server import studio_app

TOKEN = "a-token-of-the-tests"


class StudioServer:
    """Serves from `start` to `stop`, at one port of this machine's own address."""

    def __init__(self, folder: Path, *, tls: ssl.SSLContext | None = None) -> None:
        self._folder, self._tls = folder, tls
        self.port = 0
        self._ready = threading.Event()

    @property
    def link(self) -> str:
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}/?token={TOKEN}"

    def start(self) -> None:
        self._ready.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(20), "the server did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def __enter__(self) -> Self:
        self._before = aioice.ice.get_host_addresses
        aioice.ice.get_host_addresses = lambda **_: ["127.0.0.1"]
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        aioice.ice.get_host_addresses = self._before

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        gate = GateConfig(hosts=frozenset({"127.0.0.1"}), token=TOKEN)
        studio = studio_at(self._folder)._replace(gate=gate)
        runner = web.AppRunner(studio_app(studio), access_log=None)
        await runner.setup()
        site = web.TCPSite(
            runner, "127.0.0.1", self.port, ssl_context=self._tls, reuse_address=True
        )
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()
