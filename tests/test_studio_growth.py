"""A session that is joined again and again holds no more than one that was joined once."""

import asyncio
import gc
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import TestClient
from aiortc import RTCPeerConnection
from studio_visitor import ClipTrack, Visitor, asked, microphone, studio_at, visited

from pechead_live.studio.rtc.outgoing import PictureTrack
from pechead_live.studio.rtc.sound import DelayedSound

BLACK = [np.zeros((64, 64, 3), np.uint8)]

RECONNECTS = 50


def held() -> Counter[str]:
    """Tasks by what they run, threads by name, and the parts of connections that are in memory."""
    gc.collect()
    parts = (PictureTrack, DelayedSound, RTCPeerConnection)
    names = [type(part).__name__ for part in gc.get_objects() if isinstance(part, parts)]
    names += [str(task.get_coro()) for task in asyncio.all_tasks()]
    names = [name.split(" at 0x")[0] for name in names]
    # asyncio keeps its pool of threads
    names += [one.name for one in threading.enumerate() if not one.name.startswith("asyncio_")]
    return Counter(names)


def visitor() -> Visitor:
    return Visitor([ClipTrack(BLACK), microphone()])


async def opened(client: TestClient[Any, Any]) -> tuple[str, Visitor]:
    """A session's path and its visitor, who has seen a picture."""
    first = visitor()
    body = {"offer": await first.offer(), "controls": {"size": "256"}}
    told = await asked(client, "POST", "/sessions", body)
    await first.accept(told["answer"])
    await first.wait_for(lambda: bool(first.pictures), "a picture")
    return f"/sessions/{told['id']}", first


async def joined(client: TestClient[Any, Any], place: str) -> Visitor:
    """The sender again."""
    again = visitor()
    told = await asked(client, "POST", f"{place}/offer", {"offer": await again.offer()})
    await again.accept(told["answer"])
    await again.wait_for(lambda: bool(again.pictures), "a picture")
    return again


def test_fifty_reconnects_leave_no_task_no_thread_and_no_track_behind(tmp_path: Path) -> None:
    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            place, before = await opened(client)
            counted = held()
            assert counted["PictureTrack"] == 1
            for _ in range(RECONNECTS):
                again = await joined(client, place)
                await before.close()
                before = again
            for _ in range(100):  # goodbyes take their time
                if held() - counted == Counter():
                    break
                await asyncio.sleep(0.1)
            assert held() - counted == Counter()
            assert (await asked(client, "GET", f"{place}/status"))["viewers"] == 1
            await before.close()

    asyncio.run(visit())


def test_the_sender_before_is_told_that_it_is_no_longer_wanted(tmp_path: Path) -> None:
    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            place, before = await opened(client)
            again = await joined(client, place)
            await before.wait_for(lambda: before.peer.connectionState == "closed", "the end")
            await before.close()
            await again.close()

    asyncio.run(visit())


def test_offers_that_nobody_follows_up_hold_neither_tasks_nor_the_session(tmp_path: Path) -> None:
    async def visit() -> None:
        async with visited(studio_at(tmp_path, connect_s=1.0, orphan_s=1.0)) as client:
            place, first = await opened(client)
            counted = held()
            for _ in range(5):
                gone = visitor()
                await asked(client, "POST", f"{place}/offer", {"offer": await gone.offer()})
                await gone.close()
            for _ in range(100):  # goodbyes take their time
                grown = held() - counted
                named = [name for name in grown if "Track" in name or "receive" in name]
                if not named:
                    break
                await asyncio.sleep(0.1)
            assert named == []
            await first.close()
            for _ in range(100):
                if not (await asked(client, "GET", "/sessions"))["sessions"]:
                    break
                await asyncio.sleep(0.1)
            assert (await asked(client, "GET", "/sessions"))["sessions"] == []

    asyncio.run(visit())


def test_a_viewer_who_never_comes_is_not_counted_for_long(tmp_path: Path) -> None:
    async def visit() -> None:
        async with visited(studio_at(tmp_path, connect_s=0.5)) as client:
            place, first = await opened(client)
            gone = Visitor([])
            await asked(client, "POST", f"{place}/viewers", {"offer": await gone.offer()})
            await gone.close()
            assert (await asked(client, "GET", f"{place}/status"))["viewers"] == 2
            await asyncio.sleep(2.5)
            assert (await asked(client, "GET", f"{place}/status"))["viewers"] == 1
            assert await first.next_picture() is not None
            await first.close()

    asyncio.run(visit())


@pytest.mark.parametrize("word", ["a=fingerprint:", "a=ice-ufrag:"])
def test_a_refused_offer_leaves_the_sender_its_place(word: str, tmp_path: Path) -> None:
    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            place, first = await opened(client)
            broken = visitor()
            offer = await broken.offer()
            lines = offer["sdp"].splitlines(keepends=True)
            offer["sdp"] = "".join(line for line in lines if not line.startswith(word))
            path = f"/api/v1{place}/offer"
            async with client.post(path, json={"offer": offer}) as answer:
                assert answer.status == 400, await answer.text()
            await broken.close()
            assert await first.next_picture() is not None
            again = await joined(client, place)  # takes the place of the first one still
            assert (await asked(client, "GET", f"{place}/status"))["viewers"] == 1
            await first.close()
            await again.close()

    asyncio.run(visit())
