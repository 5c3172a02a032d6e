"""A connection that is lost is made again, by the guest who was there and by nobody else."""

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dialogue_line import stills

from pechead_live.calling import guest as joining
from pechead_live.calling.arrivals import Arrivals
from pechead_live.calling.connection import Connection, Sound
from pechead_live.calling.conversation import Line
from pechead_live.calling.dialogue import Dialogue, Me
from pechead_live.calling.guest import join
from pechead_live.calling.host import Host, HostConfig, call_app, serving
from pechead_live.calling.known_stills import KnownStills
from pechead_live.calling.voice import VoiceConfig
from pechead_live.errors import DeviceError
from pechead_live.studio.gate import GateConfig
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.remote.link import Link
from pechead_live.studio.rtc.peer import open_peer

TOKEN = "a-secret-of-enough-letters"
LONGEST_S = 20.0


def end(folder: Path, name: str, made: list[Connection]) -> Callable[[], Connection]:
    """What makes its connections."""

    def connect() -> Connection:
        def dialogue(wires: Connection) -> Dialogue:
            me = Me(name, stills(), None)
            known = KnownStills(folder / name)
            return Dialogue(me, wires, known=known, arrivals=Arrivals(), on_avatar=lambda _: None)

        sound = Sound(None, None, VoiceConfig())
        made.append(Connection(open_peer([]), dialogue, sound, on_open=lambda: None))
        return made[-1]

    return connect


async def until(done: Callable[[], Any]) -> None:
    async with asyncio.timeout(LONGEST_S):
        while not done():
            await asyncio.sleep(0.05)


class Place:
    """A host's server and a guest at its link."""

    def __init__(self, folder: Path) -> None:
        self.hosted, self.joined = list[Connection](), list[Connection]()
        self.stop = threading.Event()
        self.host = Host(end(folder, "Ann", self.hosted))
        self.line = Line(end(folder, "Ben", self.joined), self.stop)
        self.listening = socket.create_server(("127.0.0.1", 0))
        port = self.listening.getsockname()[1]
        self.link = Link(f"http://127.0.0.1:{port}", TOKEN)
        gate = GateConfig(hosts=frozenset({"127.0.0.1"}), token=TOKEN)
        self.app = call_app(self.host.answer, gate, HostConfig())

    def stands(self, connections: int) -> bool:
        """Whether both ends are in their call by so many connections."""
        both = (self.hosted, self.joined)
        return all(len(made) == connections and made[-1].opened_at for made in both)


def test_a_lost_connection_is_made_again_by_the_guest(tmp_path: Path) -> None:
    async def run() -> None:
        place = Place(tmp_path)
        async with serving(place.app, place.listening, None):
            guest = asyncio.ensure_future(join(place.link, place.line))
            await until(lambda: place.stands(1))
            await until(lambda: place.joined[0].dialogue.stills.counts["stills received"] == 2)
            offer = {"type": "hello", "seat": "not-yours"}
            with pytest.raises(ApiRefusal, match="somebody is in this call"):
                await place.host.answer("v=0", offer)
            await place.joined[0].peer.close()  # without a goodbye
            await until(lambda: place.stands(2))
            await until(lambda: place.joined[1].dialogue.stills.counts["stills known"])
            assert place.joined[1].dialogue.stills.counts["stills received"] == 0
            place.stop.set()
            await guest
            await until(lambda: place.hosted[1].dialogue.ended == "the guest has hung up")
            await place.host.leave()

    asyncio.run(run())


def test_a_goodbye_is_no_loss(tmp_path: Path) -> None:
    async def run() -> None:
        place = Place(tmp_path)
        async with serving(place.app, place.listening, None):
            guest = asyncio.ensure_future(join(place.link, place.line))
            await until(lambda: place.stands(1))
            await place.host.leave("the host has hung up")
            await guest
        assert len(place.joined) == 1

    asyncio.run(run())


def test_a_host_that_is_gone_is_told_of_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "AGAIN_S", 1.5)
    monkeypatch.setattr(joining, "PAUSE_S", 0.3)

    async def run() -> None:
        place = Place(tmp_path)
        async with serving(place.app, place.listening, None):
            guest = asyncio.ensure_future(join(place.link, place.line))
            await until(lambda: place.stands(1))
        await place.hosted[0].peer.close()
        with pytest.raises(DeviceError, match="none came about within"):
            await guest
        await place.host.leave()

    asyncio.run(run())


def test_a_first_connection_that_does_not_come_about_is_not_tried_again(tmp_path: Path) -> None:
    async def run() -> None:
        place = Place(tmp_path)
        place.listening.close()
        with pytest.raises(DeviceError, match="does not answer"):
            await join(place.link, place.line)
        assert len(place.joined) == 1

    asyncio.run(run())


def test_a_user_who_hangs_up_while_the_host_does_not_answer_waits_for_nothing(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        place = Place(tmp_path)  # it listens, and nobody serves
        guest = asyncio.ensure_future(join(place.link, place.line))
        await asyncio.sleep(0.5)
        assert not guest.done()
        place.stop.set()
        async with asyncio.timeout(2):
            await guest
        place.listening.close()

    asyncio.run(run())
