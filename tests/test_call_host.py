"""The server of a call: what it answers to whom, and what it refuses."""

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import cv2
import numpy as np
import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiortc import RTCPeerConnection

from pechead_live.avatar.received_still import open_still
from pechead_live.calling import relay as relaying
from pechead_live.calling.host import HostConfig, call_app
from pechead_live.calling.offer import LONGEST_OFFER, lean, open_channels, packed_offer
from pechead_live.calling.page_routes import served
from pechead_live.calling.relay import Relay, add_relay_routes
from pechead_live.samples import sample
from pechead_live.studio.gate import GateConfig

TOKEN = "a-secret-of-enough-letters"
GATE = GateConfig(hosts=frozenset({"127.0.0.1"}), token=TOKEN)
KEY = "the-host-s-own-key"

Visit = Callable[[TestClient[Any, Any]], Awaitable[None]]


async def echo(sdp: str, hello: object) -> dict[str, Any]:
    """In place of a connection."""
    return {"answer": {"type": "answer", "sdp": sdp[:3]}, "hello": hello}


def visit(work: Visit, relay: Relay | None = None, *, token: str | None = TOKEN) -> None:
    """``work`` with a client of a real server."""

    async def run() -> None:
        app = call_app(echo if relay is None else relay.answer, GATE, HostConfig())
        if relay is not None:
            add_relay_routes(app, relay)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with TestClient(TestServer(app), headers=headers) as client:
            await work(client)

    asyncio.run(run())


async def code_of(answer: ClientResponse) -> tuple[int, str]:
    """Status and the error's code."""
    return answer.status, (await answer.json())["error"]["code"]


async def an_offer() -> dict[str, str]:
    """Of a program."""
    peer = RTCPeerConnection()
    open_channels(peer)
    await peer.setLocalDescription(await peer.createOffer())
    sdp = lean(peer.localDescription.sdp)
    await peer.close()
    return {"type": "offer", "sdp": sdp}


def test_an_offer_is_answered_as_json_and_packed() -> None:
    async def work(client: TestClient[Any, Any]) -> None:
        offer = await an_offer()
        told = await (await client.post("/api/v1/call", json={"offer": offer})).json()
        assert told == {"answer": {"type": "answer", "sdp": "v=0"}, "hello": None}
        body = packed_offer(offer, {"type": "hello"})
        assert len(body) < 700, "it fits into one packet of a thin line"
        headers = {"Content-Type": "application/octet-stream"}
        answer = await client.post("/api/v1/call", data=body, headers=headers)
        assert (await answer.json())["hello"] == {"type": "hello"}
        assert "Content-Security-Policy" not in answer.headers, "data is no page"

    visit(work)


def test_without_the_link_s_secret_nothing_is_told() -> None:
    async def work(client: TestClient[Any, Any]) -> None:
        for path in ("/", "/page/calling/main.js", "/api/v1/call", "/api/v1/avatar"):
            assert (await client.get(path)).status == 401, path
        assert (await client.post("/api/v1/call", json={})).status == 401

    visit(work, token=None)


@pytest.mark.parametrize(
    "offer",
    [
        None,
        [],
        {"type": "answer", "sdp": "v=0"},
        {"type": "offer", "sdp": 7},
        {"type": "offer", "sdp": ""},
        {"type": "offer", "sdp": "x" * (LONGEST_OFFER + 1)},
        {"type": "offer", "sdp": "v=0\r\nm=audio nonsense\r\n"},
        {"type": "offer", "sdp": "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"},
    ],
)
def test_what_is_no_offer_is_refused(offer: object) -> None:
    async def work(client: TestClient[Any, Any]) -> None:
        answer = await client.post("/api/v1/call", json={"offer": offer})
        assert await code_of(answer) == (400, "bad_offer")

    visit(work)


def test_a_packed_body_takes_no_more_memory_than_an_offer() -> None:
    async def work(client: TestClient[Any, Any]) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        bomb = zlib.compress(b"[" * 50_000_000, 9)
        for body in (b"", b"no deflate", bomb, zlib.compress(b"\xff\xfe")):
            answer = await client.post("/api/v1/call", data=body, headers=headers)
            assert answer.status == 400, body[:20]

    visit(work)


def test_the_page_gets_what_it_loads_and_nothing_else() -> None:
    async def work(client: TestClient[Any, Any]) -> None:
        page = await client.get("/")
        assert "wasm-unsafe-eval" in page.headers["Content-Security-Policy"]
        assert "/page/calling/main.js" in await page.text()
        for name in served(None):
            if not name.startswith(("library/", "data/face")):  # others' files may be missing
                assert (await client.get(f"/page/{name}")).status == 200, name
        for name in ("calling/nothing.js", "../../pyproject.toml", "calling/..%2f..%2fhost.py"):
            assert (await client.get(f"/page/{name}")).status == 404, name
        script = await client.get("/page/calls/playout.js")
        assert script.content_type == "text/javascript"

    visit(work)


def test_an_avatar_file_becomes_a_header_and_two_stills() -> None:
    async def work(client: TestClient[Any, Any]) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        content = sample("astronaut.avatar").read_bytes()
        told = await client.post("/api/v1/avatar", data=content, headers=headers)
        sizes = [len(part) for part in parts_of(await told.read())]
        assert sizes[0] == 425 and sizes[1] < 3000 < sizes[2] < 30_001
        assert await (await client.get("/api/v1/avatar")).read()
        for wrong in (b"", b"PK", content[:5000]):
            answer = await client.post("/api/v1/avatar", data=wrong, headers=headers)
            assert await code_of(answer) == (422, "bad_avatar")

    visit(work)


def parts_of(body: bytes) -> list[bytes]:
    """Each after its length."""
    parts: list[bytes] = []
    while body:
        size = int.from_bytes(body[:4], "big")
        parts.append(body[4 : 4 + size])
        body = body[4 + size :]
    return parts


def test_a_photo_with_its_consent_line_becomes_an_avatar_too() -> None:
    async def work(client: TestClient[Any, Any]) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        photo = sample("astronaut.jpg").read_bytes()
        told = {"name": "Eileen", "consent": "public domain"}
        answer = await client.post("/api/v1/avatar", params=told, data=photo, headers=headers)
        header, glimpse, full = parts_of(await answer.read())
        assert len(header) == 425 and len(glimpse) <= 1700
        avatar = open_still(full)
        assert (avatar.name, avatar.consent) == ("Eileen", "public domain")
        for wanting in ({"name": "Eileen"}, {"name": "Eileen", "consent": " "}):
            answer = await client.post(
                "/api/v1/avatar", params=wanting, data=photo, headers=headers
            )
            assert await code_of(answer) == (400, "bad_field"), "a photo needs somebody's consent"

    visit(work)


def test_a_camera_s_picture_becomes_a_still_where_it_shows_a_face() -> None:
    async def work(client: TestClient[Any, Any]) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        photo = sample("astronaut.jpg").read_bytes()
        answer = await client.post("/api/v1/still", data=photo, headers=headers)
        still = open_still(await answer.read())
        assert "camera" in still.consent
        _, nobody = cv2.imencode(".jpg", np.full((240, 320, 3), 90, np.uint8))
        answer = await client.post("/api/v1/still", data=nobody.tobytes(), headers=headers)
        assert (answer.status, await answer.read()) == (204, b"")
        for wrong in (b"", b"GIF89a", photo[:200]):
            answer = await client.post("/api/v1/still", data=wrong, headers=headers)
            assert await code_of(answer) == (400, "bad_picture"), wrong[:8]

    visit(work)


def test_a_guest_s_offer_waits_for_the_host_s_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "POLL_S", 0.2)

    async def work(client: TestClient[Any, Any]) -> None:
        assert (await client.post("/api/v1/call/guest", json={"key": KEY})).status == 204
        offer = await an_offer()
        asking = asyncio.ensure_future(client.post("/api/v1/call", json={"offer": offer}))
        found = await (await client.post("/api/v1/call/guest", json={"key": KEY})).json()
        assert found["offer"] == offer
        busy = await client.post("/api/v1/call", json={"offer": offer})
        assert await code_of(busy) == (409, "taken")
        for wrong in ({"key": "x"}, {"key": 7}, {}):
            refused = await client.post("/api/v1/call/guest", json=wrong)
            assert await code_of(refused) == (403, "not_host")
        told = {"key": KEY, "id": found["id"], "answer": {"type": "answer", "sdp": "v=0"}}
        for wrong in ({"id": "x"}, {"id": 7}):
            refused = await client.post("/api/v1/call/answer", json=told | wrong)
            assert await code_of(refused) == (404, "no_guest")
        refused = await client.post(
            "/api/v1/call/answer", json=told | {"answer": {"type": "offer"}}
        )
        assert await code_of(refused) == (400, "bad_answer")
        assert (await client.post("/api/v1/call/answer", json=told)).status == 200
        answer = json.loads(await (await asking).text())
        assert answer == {"answer": {"type": "answer", "sdp": "v=0"}}

    visit(work, Relay(KEY))


def test_a_host_who_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "ANSWER_S", 0.1)

    async def work(client: TestClient[Any, Any]) -> None:
        answer = await client.post("/api/v1/call", json={"offer": await an_offer()})
        assert await code_of(answer) == (504, "no_host")

    visit(work, Relay(KEY))
