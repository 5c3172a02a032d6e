"""Joining a call by its link."""

import asyncio

from pechead_live.calling.connection import Connection
from pechead_live.calling.conversation import Line
from pechead_live.calling.offer import packed_offer
from pechead_live.errors import DeviceError
from pechead_live.studio.remote.client import StudioClient
from pechead_live.studio.remote.link import Link

WATCH_S = 0.1
OPEN_S = 20.0
"""How long the way through the network may take to be found."""

ANSWER_S = 25.0
"""Longer than a host's page is waited for (`relay.ANSWER_S`), whose own words say why."""


async def join(link: Link, line: Line) -> None:
    """Until ``line.stop`` is set or the call is over. Raises `DeviceError` if it never begins."""
    async with StudioClient(link) as client:
        connection = line.connect()
        offer = packed_offer(await connection.offer(), connection.hello())
        told = await client.ask("POST", "/call", offer, seconds=ANSWER_S)
        connection.said_hello = connection.hear_early(told.get("hello"))
        answer = told.get("answer")
        if not isinstance(answer, dict) or not isinstance(answer.get("sdp"), str):
            raise DeviceError("the host answered as no host does: give the link that it printed")
        await connection.take_answer({"type": "answer", "sdp": answer["sdp"]})
    await stay(connection, line)


async def stay(connection: Connection, line: Line) -> None:
    """While the call goes on."""
    waited = 0.0
    while not line.stop.is_set() and not connection.over:
        await asyncio.sleep(WATCH_S)
        waited += WATCH_S
        if connection.opened_at is None and waited > OPEN_S:
            raise DeviceError(
                f"the host answered, but no connection came about within {OPEN_S:g} s: UDP does "
                "not pass between the two, start the host with --ice-server turn:..."
            )
    if connection.opened_at is None and not line.stop.is_set():
        raise DeviceError("the host answered, but no connection came about: UDP does not pass")
    lost = not line.stop.is_set() and connection.dialogue.ended is None
    await connection.close("the guest has hung up")
    if lost:
        raise DeviceError("the connection with the host was lost: join again")
