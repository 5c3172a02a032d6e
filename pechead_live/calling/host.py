"""The host's server: the link's page, and one place for whoever comes with its secret."""

import asyncio
import json
import logging
import secrets
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from pechead_live.calling.avatar_routes import add_avatar_routes
from pechead_live.calling.connection import Connection
from pechead_live.calling.conversation import Line
from pechead_live.calling.offer import checked_offer, unpacked_offer
from pechead_live.calling.page_routes import add_page_routes
from pechead_live.calling.relay import Relay, add_relay_routes
from pechead_live.studio.gate import GateConfig, add_gate
from pechead_live.studio.refusal import ApiRefusal

logger = logging.getLogger(__name__)

CONNECT_S = 30.0
"""A guest who was answered and has not come after this long leaves the place to the next."""

WATCH_S = 0.2


class Host:
    """Answers one guest at a time. Lives in the event loop."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        """``connect`` makes a connection that has not begun."""
        self._connect = connect
        self._guest: Connection | None = None
        self._seat = secrets.token_urlsafe(12)
        """By which the guest may come again."""
        self._answering = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    @property
    def guest(self) -> Connection | None:
        """Whoever is there."""
        return self._guest

    async def answer(self, sdp: str, hello: object) -> dict[str, Any]:
        """To a guest's offer, and its hello if one came with it; fields of the answer. Raises
        `ApiRefusal` if somebody else is there."""
        async with self._answering:
            if self._guest is not None and not self._guest.over and not self._is_back(hello):
                raise ApiRefusal(409, "taken", "somebody is in this call already: try again later")
            await self.leave()
            guest = self._connect()
            told: dict[str, Any] = {}
            try:
                if guest.hear_early(hello):
                    told["hello"] = guest.hello()
                    guest.said_hello = True
                told["answer"] = await guest.answer(sdp)
            except BaseException:
                await guest.close()
                raise
            self._guest = guest
            self._seat = told["seat"] = secrets.token_urlsafe(12)
            self._watching = asyncio.ensure_future(self._watch(guest))
            return told

    def _is_back(self, hello: object) -> bool:
        """Whether it is the present guest who comes again: its connection is lost, which takes half
        a minute to be noticed here."""
        seat = hello.get("seat") if isinstance(hello, dict) else None
        return isinstance(seat, str) and secrets.compare_digest(
            seat.encode(errors="replace"), self._seat.encode()
        )

    async def leave(self, why: str | None = None) -> None:
        """Ends the call there is, if any."""
        guest, self._guest = self._guest, None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        if guest is not None:
            await guest.close(why)

    async def _watch(self, guest: Connection) -> None:
        waited = 0.0
        while not guest.over and (guest.opened_at is not None or waited < CONNECT_S):
            await asyncio.sleep(WATCH_S)
            waited += WATCH_S
        self._watching = None
        logger.info("the guest has left: %s", guest.dialogue.ended or guest.peer.connectionState)
        if self._guest is guest:
            await self.leave()


@dataclass(frozen=True, kw_only=True)
class HostConfig:
    """What the server is told beside whom to answer."""

    ice_servers: tuple[dict[str, Any], ...] = ()
    """As the browser's `RTCIceServer` has them."""
    landmarker: Path | None = None
    """MediaPipe's model file, for pages that read a face; None looks it up."""
    quality_px: float = 0.15
    """Of the stream of a guest who comes with a browser."""


def call_app(
    answer_to: Callable[[str, object], Awaitable[dict[str, Any]]],
    gate: GateConfig,
    config: HostConfig,
) -> web.Application:
    """The server's application; ``answer_to``: an offer's SDP, and a hello if one came
    with it, to the fields of an answer."""
    app = web.Application()
    add_gate(app, gate)
    add_page_routes(app, config.landmarker)
    add_avatar_routes(app, config.quality_px, config.landmarker)

    async def about(_request: web.Request) -> web.Response:
        return web.json_response({"ice_servers": list(config.ice_servers)})

    async def call(request: web.Request) -> web.Response:
        packed = request.content_type == "application/octet-stream"
        text = unpacked_offer(await request.read()) if packed else await request.text()
        try:
            body = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ApiRefusal(400, "bad_json", f"the body is no JSON ({error})") from error
        told: dict[str, Any] = body if isinstance(body, dict) else {}
        sdp = checked_offer(told.get("offer"))
        answer = web.json_response(await answer_to(sdp, told.get("hello")))
        answer.enable_compression()
        return answer

    app.router.add_get("/api/v1/call", about)
    app.router.add_post("/api/v1/call", call)
    return app


async def keep_house(
    line: Line,
    gate: GateConfig,
    config: HostConfig,
    listening: socket.socket,
    tls: ssl.SSLContext | None,
) -> None:
    """Serves until ``line.stop`` is set; a guest who leaves makes room for the next."""
    host = Host(line.connect)
    app = call_app(host.answer, gate, config)
    async with serving(app, listening, tls):
        while not line.stop.is_set():
            await asyncio.sleep(WATCH_S)
        await host.leave("the host has hung up")


@asynccontextmanager
async def serving(
    app: web.Application, listening: socket.socket, tls: ssl.SSLContext | None
) -> AsyncGenerator[None]:
    """Serves ``app`` while the block runs."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        await web.SockSite(runner, listening, ssl_context=tls).start()
        yield
    finally:
        await runner.cleanup()


async def keep_relaying(
    key: str,
    gate: GateConfig,
    config: HostConfig,
    listening: socket.socket,
    tls: ssl.SSLContext | None,
    stop: threading.Event,
) -> None:
    """Serves two pages, the host's (``key``) and the guest's, until ``stop`` is set."""
    relay = Relay(key)
    app = call_app(relay.answer, gate, config)
    add_relay_routes(app, relay)
    async with serving(app, listening, tls):
        while not stop.is_set():
            await asyncio.sleep(WATCH_S)
