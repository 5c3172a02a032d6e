"""Whatever a stranger sends to the gate and the avatars' paths, the server answers and goes on."""

import asyncio
import gc
import json
import re
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_samples import HOSTS

from pechead_live.studio.access_token import COOKIE, new_token
from pechead_live.studio.avatar_routes import PATH, add_avatar_routes
from pechead_live.studio.expectation import ignore_odd_expectations
from pechead_live.studio.gallery import Gallery
from pechead_live.studio.gate import GateConfig, add_gate
from pechead_live.studio.intake import Intake
from pechead_live.studio.security_headers import HEADERS

TOKEN = new_token()
LARGEST_BODY = 100_000

Answer = tuple[int, dict[str, str], bytes]


class Running(NamedTuple):
    """A server in another thread."""

    port: int
    folder: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The gate with a token and a generous pace, and the avatars' paths."""
    folder = tmp_path_factory.mktemp("avatars")
    loop = asyncio.new_event_loop()
    intake = Intake()
    app = web.Application()
    config = GateConfig(
        hosts=HOSTS,
        token=TOKEN,
        requests_per_second=1e5,
        burst=10**6,
        largest_body=LARGEST_BODY,
    )
    add_gate(app, config)
    add_avatar_routes(app, Gallery(folder), intake)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    loop.run_until_complete(runner.setup())
    assert runner.server is not None
    ignore_odd_expectations(runner.server)
    site = web.TCPSite(runner, "127.0.0.1", 0)
    loop.run_until_complete(site.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield Running(runner.addresses[0][1], folder)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    intake.close()


def ask(port: int, request: bytes) -> Answer:
    """Sends the bytes, reads the answer: status, headers in lower case, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        received = bytearray()
        try:
            connection.sendall(request)
            while not whole(received) and (piece := connection.recv(65536)):
                received += piece
        except ConnectionError:  # a refused body is not read to its end
            pass
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, body


def whole(received: bytes) -> bool:
    """True once an answer and all of its body is there; of one without a length, its head."""
    head, ended, body = bytes(received).partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)
    bare = head.startswith((b"HTTP/1.1 100", b"HTTP/1.1 204", b"HTTP/1.1 304"))
    return bool(ended) and (bare or length is None or len(body) >= int(length[1]))


def written(
    method: str,
    path: str,
    headers: list[tuple[str, str]],
    body: bytes = b"",
    length: str = "right",
) -> bytes:
    """A request as it goes over the wire, with a Host unless one is given."""
    lines = [f"{method} {path} HTTP/1.1".encode("latin-1")]
    if all(name != "Host" for name, _ in headers):
        lines.append(b"Host: 127.0.0.1")
    lines += [f"{name}: {value}".encode("latin-1") for name, value in headers]
    lines.append(b"Connection: close")
    if length == "chunked":
        lines.append(b"Transfer-Encoding: chunked")
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    elif length == "none":
        body = b""
    else:
        lines.append(f"Content-Length: {len(body) if length == 'right' else length}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


LATIN = st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")
NAMES = st.sampled_from(
    "Host Origin Authorization Cookie Content-Type Sec-Fetch-Site Range If-None-Match "
    "Content-Encoding Expect Upgrade X-Forwarded-For Accept If-Modified-Since".split()
)
VALUES = st.one_of(
    st.text(LATIN, max_size=40),
    st.sampled_from(
        "127.0.0.1 null 100-continue websocket * gzip application/json text/plain \xff "
        f'application/octet-stream {COOKIE}={TOKEN} "x",W/"y"'.split()
    ),
)
METHODS = st.sampled_from("GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT get X".split())
VISIBLE = st.characters(min_codepoint=33, max_codepoint=126)
PATHS = st.one_of(
    st.sampled_from(["/", PATH, PATH + "/", "//", "/?token=x", "*", "http://x/", "/%00", "/%ff"]),
    st.text(VISIBLE, max_size=30).map("/".__add__),
    st.text(VISIBLE, max_size=40).map(f"{PATH}/".__add__),
    st.text(VISIBLE, max_size=30).map(lambda text: f"{PATH}/{text}/still"),
    st.text(VISIBLE, max_size=60).map(f"{PATH}?".__add__),
    st.builds(
        "{}?name={}&consent={}".format,
        st.just(PATH),
        st.sampled_from(["Ada", "%00", "%ff%fe", "%ED%A0%80", "+", "a" * 70, "%E2%80%AE"]),
        st.sampled_from(["mine", "%0a", "a" * 300, ""]),
    ),
)
ADMITTED = ("Authorization", f"Bearer {TOKEN}")
HEADERS_SENT = st.lists(st.tuples(NAMES, VALUES), max_size=4)


def check(answer: Answer) -> None:
    """The server went on (100), understood or refused, and a refusal has its form."""
    status, headers, body = answer
    assert 100 <= status < 500, answer
    if headers.get("content-type", "").startswith("application/json") and status >= 400 and body:
        told = json.loads(body)["error"]
        assert set(told) == {"code", "message"}
    if "server" in headers and headers["server"] == "pechead-live":
        assert all(headers[name.lower()] == value for name, value in HEADERS.items())


@settings(max_examples=60, deadline=None)
@given(
    method=METHODS,
    path=PATHS,
    headers=HEADERS_SENT,
    admitted=st.booleans(),
    body=st.binary(max_size=60),
    length=st.sampled_from(["right", "right", "chunked", "none", "-1", "x", "9999999999999"]),
)
def test_no_request_makes_the_server_fail(
    server: Running,
    method: str,
    path: str,
    headers: list[tuple[str, str]],
    admitted: bool,
    body: bytes,
    length: str,
) -> None:
    given_headers = [*headers, ADMITTED] if admitted else headers
    check(ask(server.port, written(method, path, given_headers, body, length)))
    assert list(server.folder.iterdir()) == []


def test_an_odd_expectation_is_ignored_and_a_usual_one_met(server: Running) -> None:
    for expected in ("\xff", "a miracle", "100-continue"):
        request = written("GET", PATH, [ADMITTED, ("Expect", expected)])
        assert ask(server.port, request)[0] == (100 if expected == "100-continue" else 200)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300))
def test_what_is_no_request_at_all_is_answered_or_hung_up_on(server: Running, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.2) as connection:
        try:
            connection.sendall(data + b"\r\n\r\n\r\n\r\n")
            received = connection.recv(65536)
        except (ConnectionError, TimeoutError):  # it waits for the rest of something
            received = b""
    assert b" 500 " not in received.partition(b"\r\n")[0]
    check(ask(server.port, written("GET", PATH, [ADMITTED])))


@settings(max_examples=4, deadline=None)
@given(
    start=st.sampled_from([b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\xff\0\0WEBPVP8 "]),
    rest=st.binary(max_size=400),
)
def test_bytes_that_begin_as_a_picture_are_refused(
    server: Running, start: bytes, rest: bytes
) -> None:
    octets = ("Content-Type", "application/octet-stream")
    query = f"{PATH}?name=Ada&consent=mine"
    status, _, body = ask(server.port, written("POST", query, [ADMITTED, octets], start + rest))
    assert (status, json.loads(body)["error"]["code"]) == (400, "bad_picture")


@pytest.mark.parametrize("length", ["right", "chunked"])
def test_large_bodies_are_not_kept(server: Running, length: str) -> None:
    octets = ("Content-Type", "application/octet-stream")
    request = written("POST", PATH, [ADMITTED, octets], bytes(8_000_000), length)
    tracemalloc.start()
    try:
        for _ in range(5):
            received = ask_large(server.port, request)
            assert received in (413, 0)  # 0: hung up on while it was still sending
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def ask_large(port: int, request: bytes) -> int:
    """Status of the answer; 0 if the server hung up before it could be read."""
    try:
        return ask(port, request)[0]
    except IndexError:
        return 0
