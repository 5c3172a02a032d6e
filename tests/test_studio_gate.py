"""The gate: whom the server answers, what it says to the others, and what it remembers of them."""

import asyncio
import logging
from collections.abc import Iterable

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_samples import HOSTS, Client, asked, refusal

from pechead_live.cli import main
from pechead_live.errors import DeviceError, InputError, MissingAssetError, NoFaceError
from pechead_live.studio.access_token import COOKIE, new_token
from pechead_live.studio.body import LARGEST_JSON
from pechead_live.studio.flood import Flood, client_of
from pechead_live.studio.gate import GUESSES, GateConfig
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.security_headers import HEADERS

TOKEN = new_token()
GUARDED = GateConfig(hosts=HOSTS, token=TOKEN)
OCTETS = {"Content-Type": "application/octet-stream"}

RAISED: dict[str, Exception] = {
    "refused": ApiRefusal(409, "device_busy", "the camera is in use", {"Retry-After": "3"}),
    "input": InputError("gain 7: give 0 to 1.5"),
    "face": NoFaceError("no face was found in this picture: give another"),
    "device": DeviceError("camera 0 has gone"),
    "asset": MissingAssetError("/home/somebody/model.task is missing: install it"),
    "bug": KeyError("/home/somebody/secret"),
}


def routes(app: web.Application) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"bytes": len(await request.read()), "host": request.host})

    async def fail(request: web.Request) -> web.Response:
        raise RAISED[request.match_info["kind"]]

    app.router.add_get("/", echo)
    app.router.add_get("/api/v1", echo)
    app.router.add_post("/api/v1/echo", echo)
    app.router.add_delete("/api/v1/echo", echo)
    app.router.add_get("/api/v1/fail/{kind}", fail)


def test_what_the_own_page_asks_is_answered_with_the_security_headers() -> None:
    async def work(client: Client) -> None:
        own = f"http://127.0.0.1:{client.port}"
        headers = {"Origin": own, "Sec-Fetch-Site": "same-origin"}
        async with client.post("/api/v1/echo", json={}, headers=headers) as answer:
            assert answer.status == 200
            assert (await answer.json())["bytes"] == 2
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Python" not in answer.headers["Server"]
        async with client.get("/") as page:
            assert page.status == 200
            assert "Cache-Control" not in page.headers

    asked(work, add_routes=routes)


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/api/v1/nothing", (404, "unknown_path")),
        ("GET", "/../../etc/passwd", (404, "unknown_path")),
        ("PUT", "/api/v1/echo", (405, "bad_method")),
        ("GET", "/api/v1/fail/refused", (409, "device_busy")),
        ("GET", "/api/v1/fail/input", (400, "bad_field")),
        ("GET", "/api/v1/fail/face", (400, "no_face")),
        ("GET", "/api/v1/fail/device", (503, "no_device")),
        ("GET", "/api/v1/fail/asset", (503, "not_installed")),
        ("GET", "/api/v1/fail/bug", (500, "internal")),
    ],
)
def test_every_error_is_json_with_code_message_and_headers(
    method: str, path: str, wanted: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    async def work(client: Client) -> None:
        async with client.request(method, path) as answer:
            assert await refusal(answer) == wanted
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
            assert "somebody" not in await answer.text()
            assert ("Allow" in answer.headers) == (answer.status == 405)
            assert ("Retry-After" in answer.headers) == (answer.status == 409)

    with caplog.at_level(logging.WARNING, logger="pechead_live"):
        asked(work, add_routes=routes)
    told = wanted[1] in ("internal", "not_installed", "no_device")
    assert ("/home/somebody" in caplog.text or "camera 0" in caplog.text) == told
    assert ("Traceback" in caplog.text) == (wanted[1] == "internal"), "what is foreseen is a line"


def test_without_the_face_landmarker_it_says_so_and_does_not_begin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["serve", "--port", "0", "--landmarker", "nowhere.task"]) == 2
    assert "there is no model file nowhere.task" in capsys.readouterr().err


def test_head_and_options_are_answered_without_a_body() -> None:
    async def work(client: Client) -> None:
        async with client.head("/api/v1") as answer:
            assert (answer.status, await answer.read()) == (200, b"")
        async with client.options("/api/v1/echo") as answer:
            assert (answer.status, await answer.read()) == (204, b"")
            assert answer.headers["Allow"] == "DELETE,POST"
            assert "Access-Control-Allow-Origin" not in answer.headers
        async with client.options("/api/v1/nothing") as answer:
            assert await refusal(answer) == (404, "unknown_path")

    asked(work, add_routes=routes)


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("127.0.0.1:8765", True),
        ("LocalHost", True),
        ("[::1]:8765", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.", False),
        ("localhost:8765@evil.example", False),
        ("localhost:x", False),
        ("::1", False),
        ("", False),
    ],
)
def test_only_the_server_s_own_names_are_answered(host: str, answered: bool) -> None:
    async def work(client: Client) -> None:
        async with client.get("/api/v1", headers={"Host": host}) as answer:
            if answered:
                assert answer.status == 200
            else:
                assert await refusal(answer) == (403, "foreign_host")

    asked(work, add_routes=routes)


@pytest.mark.parametrize(
    ("method", "headers", "answered"),
    [
        ("POST", {}, True),
        ("POST", {"Sec-Fetch-Site": "none"}, True),
        ("POST", {"Origin": "http://OWN"}, True),
        ("POST", {"Origin": "https://OWN"}, True),  # a proxy speaks TLS in front
        ("POST", {"Origin": "http://127.0.0.1:1"}, False),
        ("POST", {"Origin": "http://evil.example"}, False),
        ("POST", {"Origin": "null"}, False),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, False),
        ("POST", {"Sec-Fetch-Site": "same-site"}, False),
        ("GET", {"Origin": "http://evil.example"}, False),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, False),
        ("OPTIONS", {"Origin": "http://evil.example"}, False),
    ],
)
def test_what_another_page_sends_is_refused(
    method: str, headers: dict[str, str], answered: bool
) -> None:
    async def work(client: Client) -> None:
        given = {k: v.replace("OWN", f"127.0.0.1:{client.port}") for k, v in headers.items()}
        path = "/api/v1" if method == "GET" else "/api/v1/echo"
        async with client.request(method, path, headers=given | OCTETS) as answer:
            if answered:
                assert answer.status == 200
            else:
                assert await refusal(answer) == (403, "foreign_origin")

    asked(work, add_routes=routes)


def test_a_link_on_another_site_opens_the_page() -> None:
    async def work(client: Client) -> None:
        async with client.get("/", headers={"Sec-Fetch-Site": "cross-site"}) as answer:
            assert answer.status == 200

    asked(work, add_routes=routes)


@pytest.mark.parametrize(
    ("content_type", "body", "wanted"),
    [
        ("application/json", b"{}", None),
        ("application/json; charset=utf-8", b"{}", None),
        ("application/octet-stream", b"\xff" * 5000, None),
        ("text/plain", b"{}", (415, "bad_type")),
        ("application/x-www-form-urlencoded", b"a=b", (415, "bad_type")),
        ("multipart/form-data; boundary=x", b"--x--", (415, "bad_type")),
        ("text/plain", b"", (415, "bad_type")),
        ("application/json", b" " * (LARGEST_JSON + 1), (413, "too_large")),
        ("application/octet-stream", b" " * 400_001, (413, "too_large")),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_one_of_two_types_and_a_bounded_size(
    content_type: str, body: bytes, wanted: tuple[int, str] | None, chunked: bool
) -> None:
    async def pieces() -> Iterable[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    async def work(client: Client) -> None:
        data = pieces() if chunked else body
        headers = {"Content-Type": content_type}
        async with client.post("/api/v1/echo", data=data, headers=headers) as answer:
            if wanted is None:
                assert (await answer.json())["bytes"] == len(body)
            else:
                assert await refusal(answer) == wanted

    asked(work, GateConfig(hosts=HOSTS, largest_body=400_000), add_routes=routes)


def test_a_compressed_body_is_refused() -> None:
    async def work(client: Client) -> None:
        headers = OCTETS | {"Content-Encoding": "gzip"}
        async with client.post("/api/v1/echo", data=b"x", headers=headers) as answer:
            assert answer.status in (400, 415)

    asked(work, add_routes=routes)


def test_without_the_token_nothing_is_answered() -> None:
    async def work(client: Client) -> None:
        for path in ("/", "/api/v1", "/api/v1/nothing"):
            async with client.get(path) as answer:
                assert await refusal(answer) == (401, "no_token")
                assert answer.headers["WWW-Authenticate"] == "Bearer"
        async with client.get("/api/v1", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            assert answer.status == 200
        async with client.get("/api/v1", params={"token": TOKEN}) as answer:
            assert await refusal(answer) == (401, "no_token")  # in a path's log it would stay

    asked(work, GUARDED, routes)


def test_the_link_sets_a_strict_cookie_and_leads_to_the_page() -> None:
    async def work(client: Client) -> None:
        link = {"params": {"token": TOKEN}, "allow_redirects": False}
        async with client.get("/", **link) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            cookie = answer.headers["Set-Cookie"]
            assert cookie.startswith(f"{COOKIE}={TOKEN};")
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
            assert "Secure" not in cookie
            assert "Content-Security-Policy" in answer.headers
        async with client.get("/api/v1") as answer:
            assert answer.status == 200
        # from another site's page a browser would hold the strict cookie back after a redirect
        async with client.get("/", headers={"Sec-Fetch-Site": "cross-site"}, **link) as answer:
            assert answer.status == 200
            assert TOKEN not in await answer.text()
            assert 'http-equiv="refresh"' in await answer.text()

    asked(work, GUARDED, routes)


def test_a_cookie_of_an_earlier_run_is_forgotten() -> None:
    async def work(client: Client) -> None:
        for _ in range(GUESSES + 5):
            async with client.get("/", headers={"Cookie": f"{COOKIE}=old"}) as answer:
                if answer.status == 401:
                    assert answer.headers["Set-Cookie"].startswith(f"{COOKIE}=; Max-Age=0")
        assert answer.status == 429

    asked(work, GUARDED, routes)


def test_wrong_tokens_stop_being_compared() -> None:
    async def work(client: Client) -> None:
        statuses: list[int] = []
        for index in range(GUESSES + 3):
            headers = {"Authorization": f"Bearer {TOKEN}{index}"}
            async with client.get("/api/v1", headers=headers) as answer:
                statuses.append(answer.status)
        assert statuses == [401] * GUESSES + [429] * 3
        async with client.get("/api/v1", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            assert await refusal(answer) == (429, "too_fast")
            assert 1 <= int(answer.headers["Retry-After"]) <= 10
        async with client.get("/api/v1") as answer:
            assert answer.status == 401

    asked(work, GUARDED, routes)


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    async def work(client: Client) -> None:
        for _ in range(4):
            async with client.get("/api/v1") as answer:
                assert answer.status == 200
        async with client.get("/api/v1") as answer:
            assert await refusal(answer) == (429, "too_fast")
            assert answer.headers["Retry-After"] == "1"
            assert "Content-Security-Policy" in answer.headers
        await asyncio.sleep(1.05)
        async with client.get("/api/v1") as answer:
            assert answer.status == 200

    asked(work, GateConfig(hosts=HOSTS, requests_per_second=1, burst=4), routes)


@given(
    clients=st.lists(st.text(max_size=3), max_size=200),
    step=st.floats(0, 10),
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 20),
)
@settings(max_examples=60, deadline=None)
def test_the_flood_s_memory_is_bounded_and_its_rate_kept(
    clients: list[str], step: float, rate: float, burst: int
) -> None:
    flood = Flood(rate, burst, most_clients=8)
    alone = Flood(rate, burst)
    admitted, now = 0, 0.0
    for client in clients:
        flood.count(client, now)
        assert len(flood) <= 8
        if alone.wait("one", now) == 0:
            alone.count("one", now)
            admitted += 1
        now += step
    assert admitted <= burst + rate * now + 1


def test_a_house_with_ipv6_is_one_client() -> None:
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff") != client_of("2001:db8:0:1::1")
    assert client_of("::ffff:10.0.0.1") != client_of("::ffff:10.0.0.2")
    assert client_of("10.0.0.1") == "10.0.0.1"
    assert client_of("fe80::1%eth0") == client_of("fe80::2%eth1")
    assert client_of(None) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": frozenset[str]()},
        {"hosts": frozenset({"[::1]"})},
        {"hosts": frozenset({"LOCALHOST"})},
        {"token": "short"},
        {"token": "with a space in it and long"},
        {"requests_per_second": 0},
        {"burst": 0},
        {"largest_body": 0},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="give"):
        GateConfig(**({"hosts": HOSTS} | wrong))


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 43
    assert GateConfig(hosts=HOSTS, token=tokens.pop()).token
