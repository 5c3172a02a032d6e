"""Whatever is sent to a session's paths: an answer with words, never a 5xx, and it runs on."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from studio_visitor import ClipTrack, Visitor, asked, studio_at, visited

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["offer", "browser", "analytic", "512", "#ffffff", "freeze", "smile"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "offer type sdp camera controls avatar model engine size gains pose yaw "
                "expressions jawOpen preset presence mirror background label sound".split()
            )
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
BODIES = JSON | st.binary(max_size=60)
PATHS = st.sampled_from(
    "/controls /status /offer /viewers /calibrate /sinks/virtualcam /sinks/../../etc "
    "/controls/more /%2e%2e /sinks/recording%00".split()
)
METHODS = st.sampled_from("GET POST PUT PATCH HEAD OPTIONS".split())

SDP_LINES = st.sampled_from(
    [
        "v=0",
        "o=- 1 2 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:96 AV1/90000",
        "a=rtpmap:111 opus/48000/2",
        "a=mid:0",
        "a=group:BUNDLE 0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        "a=fingerprint:sha-256 00:11",
        "a=setup:actpass",
        "a=rtcp-mux",
        "a=sendrecv",
        "a=candidate:1 1 udp 1 127.0.0.1 9 typ host",
        "a=candidate:broken",
        "c=IN IP4 256.256.256.256",
        "a=ssrc:99999999999999 cname:x",
    ]
)
SDPS = st.lists(SDP_LINES | st.text(max_size=30), max_size=25).map("\r\n".join)


def test_no_request_breaks_the_server_or_a_session(tmp_path: Path) -> None:
    grey = [np.full((120, 160, 3), 128, np.uint8)]

    async def visit() -> None:
        async with visited(studio_at(tmp_path, most_sessions=1)) as client:
            visitor = Visitor([ClipTrack(grey)])
            opened = await asked(client, "POST", "/sessions", {"offer": await visitor.offer()})
            await visitor.accept(opened["answer"])
            place = f"/api/v1/sessions/{opened['id']}"
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(_fuzz, client, place, loop)
            count = len(visitor.pictures)
            await visitor.wait_for(lambda: len(visitor.pictures) > count, "more pictures")
            assert (await asked(client, "GET", "/sessions"))["sessions"] == [opened["id"]]
            await asked(client, "DELETE", f"/sessions/{opened['id']}")
            await visitor.close()

    asyncio.run(visit())


def _fuzz(client: TestClient[Any, Any], place: str, loop: asyncio.AbstractEventLoop) -> None:
    plain = settings(
        max_examples=120,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )

    def send(method: str, path: str, body: object) -> None:
        asyncio.run_coroutine_threadsafe(_refused_or_done(client, method, path, body), loop).result(
            30
        )

    @seed(1)
    @plain
    @given(METHODS, PATHS, BODIES)
    def anything(method: str, path: str, body: object) -> None:
        send(method, place + path, body)

    @seed(2)
    @plain
    @given(SDPS, st.sampled_from(["/viewers", "/offer", ""]))
    def broken_offers(sdp: str, path: str) -> None:
        where = place + path if path else "/api/v1/sessions"
        send("POST", where, {"offer": {"type": "offer", "sdp": sdp}})

    anything()
    broken_offers()


async def _refused_or_done(
    client: TestClient[Any, Any], method: str, path: str, body: object
) -> None:
    sent: dict[str, Any] = {"json": body}
    if isinstance(body, bytes):
        sent = {"data": body, "headers": {"Content-Type": "application/json"}}
    async with client.request(method, path, **sent) as answer:
        text = await answer.text()
        # a virtual camera that is not there is the machine's fault, and said so
        assert answer.status < 500 or answer.status == 503, (method, path, body, answer.status)
        if answer.status >= 400 and method != "HEAD":
            told = (await answer.json())["error"]
            assert told["code"] and told["message"], text
