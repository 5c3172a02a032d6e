"""Joining a call by its link, and again where the connection is lost."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from typing import Any

from pechead_live.calling.connection import Connection
from pechead_live.calling.conversation import Line
from pechead_live.calling.offer import packed_offer
from pechead_live.clock import monotonic
from pechead_live.errors import DeviceError
from pechead_live.studio.remote.client import RefusedError, StudioClient
from pechead_live.studio.remote.link import Link

logger = logging.getLogger(__name__)

WATCH_S = 0.1
OPEN_S = 20.0
"""How long the way through the network may take to be found."""

ANSWER_S = 25.0
"""Longer than a host's page is waited for (`relay.ANSWER_S`), whose own words say why."""

AGAIN_S = 60.0
"""So long a connection that was lost is tried to be made again."""

PAUSE_S = 1.0
"""Between two tries."""

TAKEN = 409
"""The host still waits for a guest who has gone."""


class LostError(DeviceError):
    """The connection stood, and is lost."""


async def join(link: Link, line: Line) -> None:
    """Until ``line.stop`` is set or the call is over. Raises `DeviceError` if it never begins, or
    is lost and cannot be made again."""
    lost_at, seat = None, None
    async with StudioClient(link) as client:
        while not line.stop.is_set():
            connection = line.connect()
            try:
                seat = await _unless(line.stop, _meet(client, connection, seat)) or seat
                await stay(connection, line)
                return
            except LostError:
                logger.warning("the connection with the host was lost: joining again")
                lost_at = monotonic()
            except (DeviceError, RefusedError) as error:
                passing = not isinstance(error, RefusedError) or error.passing
                known = isinstance(error, RefusedError) and error.status == TAKEN
                if lost_at is None or not (passing or known):
                    raise
                if monotonic() - lost_at > AGAIN_S:
                    raise DeviceError(
                        f"the connection with the host was lost, and none came about within "
                        f"{AGAIN_S:g} s ({error}): join again"
                    ) from error
            finally:
                await connection.close("the guest has hung up")
            await asyncio.sleep(PAUSE_S)


async def _meet(client: StudioClient, connection: Connection, seat: object) -> object:
    """Offers, and takes the host's answer; the guest's seat, by which it may come again."""
    hello = connection.hello() | ({} if seat is None else {"seat": seat})
    offer = packed_offer(await connection.offer(), hello)
    told: dict[str, Any] = await client.ask("POST", "/call", offer, seconds=ANSWER_S)
    connection.said_hello = connection.hear_early(told.get("hello"))
    answer = told.get("answer")
    if not isinstance(answer, dict) or not isinstance(answer.get("sdp"), str):
        raise DeviceError("the host answered as no host does: give the link that it printed")
    await connection.take_answer({"type": "answer", "sdp": answer["sdp"]})
    return told.get("seat")


async def _unless(stop: threading.Event, work: Coroutine[Any, Any, object]) -> object:
    """What ``work`` gives; None if ``stop`` is set before."""
    task = asyncio.ensure_future(work)
    while not task.done():
        if stop.is_set():
            task.cancel()
            await asyncio.wait({task})
            return None
        await asyncio.wait({task}, timeout=WATCH_S)
    return task.result()


async def stay(connection: Connection, line: Line) -> None:
    """While the call goes on. Raises `LostError` if it ends without a goodbye, and `DeviceError` if
    it never came about."""
    waited = 0.0
    while not line.stop.is_set() and not connection.over:
        await asyncio.sleep(WATCH_S)
        waited += WATCH_S
        if connection.opened_at is None and waited > OPEN_S:
            raise DeviceError(
                f"the host answered, but no connection came about within {OPEN_S:g} s: UDP does "
                "not pass between the two, start the host with --ice-server turn:..."
            )
    if line.stop.is_set():
        return
    if connection.opened_at is None:
        raise DeviceError("the host answered, but no connection came about: UDP does not pass")
    if connection.dialogue.ended is None:
        raise LostError("the connection with the host was lost: join again")
