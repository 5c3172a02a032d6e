"""Signalling between two pages: the guest's offer waits until the host's page has answered it."""

import asyncio
import secrets
from typing import Any

from aiohttp import web

from pechead_live.studio.access_token import same
from pechead_live.studio.refusal import ApiRefusal

POLL_S = 20.0
"""So long a host's page is kept waiting for a guest before it asks again."""

ANSWER_S = 20.0
"""So long a guest waits for the host's answer."""

LONGEST_ANSWER = 60_000
"""Characters of SDP."""


class Relay:
    """Of one call between two pages. Lives in the event loop."""

    def __init__(self, key: str) -> None:
        """``key``: what only the host's link holds."""
        self._key = key
        self._waiting: dict[str, tuple[str, asyncio.Future[dict[str, str]]]] = {}
        self._new = asyncio.Event()

    async def answer(self, sdp: str, hello: object) -> dict[str, Any]:
        """To a guest's offer; pages say hello over their channel. Raises `ApiRefusal` if the host
        does not answer."""
        del hello
        if self._waiting:
            raise ApiRefusal(409, "taken", "somebody is asking already: try again later")
        name = secrets.token_urlsafe(8)
        answered: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._waiting[name] = (sdp, answered)
        self._new.set()
        try:
            return {"answer": await asyncio.wait_for(answered, ANSWER_S)}
        except TimeoutError as error:
            raise ApiRefusal(
                504, "no_host", "the host does not answer: their page must be open, and waiting"
            ) from error
        finally:
            self._waiting.pop(name, None)

    async def guest(self, key: object) -> dict[str, Any] | None:
        """The next guest's offer for the host's page; None if there was none for a while."""
        self._check(key)
        self._new.clear()
        if not self._waiting:
            try:
                await asyncio.wait_for(self._new.wait(), POLL_S)
            except TimeoutError:
                return None
        for name, (sdp, answered) in self._waiting.items():
            if not answered.done():
                return {"id": name, "offer": {"type": "offer", "sdp": sdp}}
        return None

    def take_answer(self, key: object, name: object, answer: object) -> None:
        """Of the host's page. Raises `ApiRefusal`."""
        self._check(key)
        fields: dict[Any, Any] = answer if isinstance(answer, dict) else {}
        sdp = fields.get("sdp")
        if fields.get("type") != "answer" or not isinstance(sdp, str) or len(sdp) > LONGEST_ANSWER:
            raise ApiRefusal(400, "bad_answer", 'an answer is {"type": "answer", "sdp": "..."}')
        asked = self._waiting.get(name) if isinstance(name, str) else None
        if asked is None or asked[1].done():
            raise ApiRefusal(404, "no_guest", "that guest is no longer there")
        asked[1].set_result({"type": "answer", "sdp": sdp})

    def _check(self, key: object) -> None:
        if not isinstance(key, str) or not same(key, self._key):
            raise ApiRefusal(403, "not_host", "only the host's own link can do that")


def add_relay_routes(app: web.Application, relay: Relay) -> None:
    """What the host's page asks."""

    async def body(request: web.Request) -> dict[str, Any]:
        found = await request.json()
        return found if isinstance(found, dict) else {}

    async def guest(request: web.Request) -> web.Response:
        found = await relay.guest((await body(request)).get("key"))
        return web.Response(status=204) if found is None else web.json_response(found)

    async def answer(request: web.Request) -> web.Response:
        told = await body(request)
        relay.take_answer(told.get("key"), told.get("id"), told.get("answer"))
        return web.json_response({})

    app.router.add_post("/api/v1/call/guest", guest)
    app.router.add_post("/api/v1/call/answer", answer)
