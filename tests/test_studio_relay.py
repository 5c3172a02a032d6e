"""Pictures through a TURN server, where the two machines cannot reach each other: a real coturn."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import TestClient
from aiortc import RTCIceServer
from studio_visitor import ClipTrack, Visitor, asked, studio_at, visited

from pechead_live.cli.listening import ice_server

pytestmark = pytest.mark.relay

USER, PASSWORD = "driver", "a-long:password@home"
BLACK = [np.zeros((64, 64, 3), np.uint8)]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def coturn(turnserver: str, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The --ice-server of a relay on this machine, and its process."""
    port = free_port()
    words = f"-n --listening-ip 127.0.0.1 --relay-ip 127.0.0.1 --listening-port {port} --no-tls "
    words += "--no-dtls --no-cli --allow-loopback-peers --lt-cred-mech --realm home --log-file "
    words += f"{tmp_path}/log --simple-log --pidfile {tmp_path}/pid --userdb {tmp_path}/users"
    process = subprocess.Popen(
        [turnserver, *words.split(), "--user", f"{USER}:{PASSWORD}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    try:
        end = time.monotonic() + 10
        while not listens(port):
            assert process.poll() is None and time.monotonic() < end, "coturn did not start"
            time.sleep(0.05)
        yield f"turn:{USER}:{PASSWORD}@127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def relayed_only(told: dict[str, str]) -> dict[str, str]:
    """An offer or an answer with the candidates at the relay, of which there must be one."""
    lines = told["sdp"].splitlines(keepends=True)
    kept = [one for one in lines if not one.startswith("a=candidate") or " typ relay" in one]
    assert any(" typ relay" in line for line in kept), told["sdp"]
    return {"type": told["type"], "sdp": "".join(kept)}


async def through_the_relay(
    client: TestClient[Any, Any], server: dict[str, Any]
) -> tuple[str, Visitor]:
    """A session's path and its visitor, who has seen pictures."""
    visitor = Visitor([ClipTrack(BLACK)], [RTCIceServer(**server)])
    body = {"offer": relayed_only(await visitor.offer()), "controls": {"size": "256"}}
    told = await asked(client, "POST", "/sessions", body)
    await visitor.accept(relayed_only(told["answer"]))
    await visitor.wait_for(lambda: len(visitor.pictures) > 10, "pictures")
    return f"/sessions/{told['id']}", visitor


def test_pictures_come_where_only_a_relay_connects_the_two(
    coturn: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    server = ice_server(coturn[0])
    assert (server["username"], server["credential"]) == (USER, PASSWORD)

    async def visit() -> None:
        studio = studio_at(tmp_path, ice_servers=(server,))
        async with visited(studio, addresses=()) as client:  # neither side offers its own
            options = await asked(client, "GET", "/options")
            assert options["ice_servers"] == [server]
            place, visitor = await through_the_relay(client, options["ice_servers"][0])
            assert visitor.pictures[-1].shape == (256, 256, 3)
            ice: Any = visitor.peer.getTransceivers()[0].receiver.transport.transport._connection
            [pair] = ice._nominated.values()
            assert [pair.local_candidate.type, pair.remote_candidate.type] == ["relay", "relay"]
            status = await asked(client, "GET", f"{place}/status")
            assert status["state"] == "no_face"  # the visitor's black frames came, too
            await asked(client, "DELETE", place)
            await visitor.close()

    asyncio.run(visit())


def test_a_session_ends_soon_even_if_its_relay_is_gone(
    coturn: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    address, relay = coturn
    server = ice_server(address)

    async def visit() -> None:
        studio = studio_at(tmp_path, ice_servers=(server,))
        async with visited(studio, addresses=()) as client:
            place, visitor = await through_the_relay(client, server)
            relay.kill()
            relay.wait()
            began = time.monotonic()
            await asked(client, "DELETE", place)
            assert time.monotonic() - began < 8, "the relay was asked again and again"
            leaving = asyncio.ensure_future(visitor.close())
            await asyncio.wait([leaving], timeout=0.1)
            leaving.cancel()

    asyncio.run(visit())
