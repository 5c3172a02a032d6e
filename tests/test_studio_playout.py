"""Whose browser is asked to show pictures at once."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, unpack_header_extensions
from studio_visitor import ClipTrack, Visitor, asked, studio_at, visited

from pechead_live.studio.rtc import playout
from pechead_live.studio.rtc.playout import AT_ONCE, PLAYOUT_DELAY, know_playout_delay

BLACK = [np.zeros((64, 64, 3), np.uint8)]
ITS_ID = 5


def offering(offer: dict[str, str], *, kind: str = "video") -> dict[str, str]:
    """``offer`` as Chromium writes it, with the extension in its section of ``kind``; an offer of
    this process has it already."""
    lines: list[str] = []
    within = ""
    for line in offer["sdp"].splitlines():
        within = line.split()[0][2:] if line.startswith("m=") else within
        if PLAYOUT_DELAY not in line:
            lines.append(line)
        if line.startswith("a=mid:") and within == kind:
            lines.append(f"a=extmap:{ITS_ID} {PLAYOUT_DELAY}")
    return offer | {"sdp": "\r\n".join(lines) + "\r\n"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[int, set[bytes | None]]:
    """Of each sender that agreed on the extension, and be it the visitor: what its packets have."""
    found: dict[int, set[bytes | None]] = {}
    know_playout_delay()
    write: Any = HeaderExtensionsMap.set

    def written(self: HeaderExtensionsMap, values: HeaderExtensions) -> tuple[int, bytes]:
        profile, value = write(self, values)
        if hasattr(self, "playout_delay_id"):
            known = dict(unpack_header_extensions(profile, value))
            found.setdefault(id(self), set()).add(known.get(ITS_ID))
        return profile, value

    monkeypatch.setattr(playout, "_set", written)
    monkeypatch.setattr(HeaderExtensionsMap, "set", written)
    return found


def test_the_driver_s_pictures_are_shown_at_once_and_a_viewer_s_with_their_sound(
    tmp_path: Path, sent: dict[int, set[bytes | None]]
) -> None:
    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            driver, viewer = Visitor([ClipTrack(BLACK)]), Visitor([])
            body = {"offer": offering(await driver.offer()), "controls": {"size": "256"}}
            opened = await asked(client, "POST", "/sessions", body)
            assert f"a=extmap:{ITS_ID} {PLAYOUT_DELAY}" in opened["answer"]["sdp"]
            await driver.accept(opened["answer"])
            await driver.wait_for(lambda: len(driver.pictures) > 3, "pictures")
            assert [each for each in sent.values() if each != {None}] == [{AT_ONCE}]
            path = f"/sessions/{opened['id']}/viewers"
            told = await asked(client, "POST", path, {"offer": offering(await viewer.offer())})
            await viewer.accept(told["answer"])
            await viewer.wait_for(lambda: len(viewer.pictures) > 3, "a viewer's pictures")
            assert [each for each in sent.values() if each != {None}] == [{AT_ONCE}]
            assert len(sent) == 3
            await viewer.close()
            await driver.close()

    asyncio.run(visit())


def test_who_does_not_offer_it_is_not_sent_it(
    tmp_path: Path, sent: dict[int, set[bytes | None]]
) -> None:
    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            driver = Visitor([ClipTrack(BLACK)])
            offer = offering(await driver.offer(), kind="none")
            body = {"offer": offer, "controls": {"size": "256"}}
            opened = await asked(client, "POST", "/sessions", body)
            assert PLAYOUT_DELAY not in opened["answer"]["sdp"]
            await driver.accept(opened["answer"])
            await driver.wait_for(lambda: len(driver.pictures) > 3, "pictures")
            assert sent == {}
            await driver.close()

    asyncio.run(visit())
