"""A studio's server for tests: the gate and what is asked for, over a real socket."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from pechead_live.studio.gate import GateConfig, add_gate

Client = TestClient[web.Request, web.Application]

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def asked(
    work: Callable[[Client], Awaitable[None]],
    config: GateConfig | None = None,
    add_routes: Callable[[web.Application], None] | None = None,
) -> None:
    """Runs ``work`` with a client of a server that has the gate and ``add_routes``."""

    async def run() -> None:
        app = web.Application()
        add_gate(app, config or GateConfig(hosts=HOSTS))
        if add_routes is not None:
            add_routes(app)
        async with TestClient(TestServer(app)) as client:
            await work(client)

    asyncio.run(run())


async def refusal(answer: ClientResponse) -> tuple[int, str]:
    """Status and code of an error, after its form was checked."""
    assert answer.content_type == "application/json", await answer.text()
    told: dict[str, Any] = (await answer.json())["error"]
    assert set(told) == {"code", "message"}
    assert len(told["message"]) > 10
    return answer.status, told["code"]
