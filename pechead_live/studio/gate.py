"""The gate before the studio's API and page: who may ask, what, how much and how often."""

import logging
import math
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from pechead_live.clock import Clock, monotonic
from pechead_live.errors import InputError, PecheadError
from pechead_live.studio.access_token import check_token, forgotten, presented, same, welcome
from pechead_live.studio.body import with_body
from pechead_live.studio.flood import Flood, client_of
from pechead_live.studio.origin import check_host, check_origin
from pechead_live.studio.refusal import ApiRefusal, error_response, refusal_of
from pechead_live.studio.security_headers import add_security_headers, secure

logger = logging.getLogger(__name__)

GUESSES, GUESSES_PER_SECOND = 10, 0.1
"""Wrong tokens that one client may send at once, and how soon the next."""


@dataclass(frozen=True, kw_only=True)
class GateConfig:
    """Whom the server answers, and how much of it."""

    hosts: frozenset[str]
    """Names and addresses the server is reached by, lower case, without port; IPv6 unbracketed."""

    token: str | None = None
    """What every request must present; None on this machine's own address only."""

    requests_per_second: float = 50.0
    """Of one client, in the long run."""

    burst: int = 200
    """Of one client at once; the page's own files are some tens."""

    largest_body: int = 16 * 1024 * 1024
    """Bytes of a body that is no JSON: a picture."""

    def __post_init__(self) -> None:
        if not self.hosts or any(h != h.lower() or set(h) & set("[]/ ") for h in self.hosts):
            raise InputError(
                f"the host names {sorted(self.hosts)}: give at least one, in lower case, without "
                "brackets"
            )
        if self.token is not None:
            check_token(self.token)
        if not (0 < self.requests_per_second < math.inf and self.burst >= 1):
            raise InputError(
                f"{self.requests_per_second} requests a second and {self.burst} at once: give "
                "more than 0, and at least 1"
            )
        if self.largest_body < 1:
            raise InputError(f"a largest body of {self.largest_body} bytes: give at least 1")


def add_gate(app: web.Application, config: GateConfig) -> None:
    """Puts the gate before everything that ``app`` answers."""
    app.middlewares.extend(gate_middlewares(config))
    app.on_response_prepare.append(secure)


def gate_middlewares(config: GateConfig, clock: Clock = monotonic) -> list[Middleware]:
    """The gate as middlewares of aiohttp, outermost first.

    The first turns whatever is raised below it into the API's error JSON and adds the security
    headers; the second asks, in this order: how often, which host, which page, which token, which
    body. A handler finds the body read. `add_gate` also reaches what aiohttp answers by itself.
    """
    asked = Flood(config.requests_per_second, config.burst)
    guessed = Flood(GUESSES_PER_SECOND, GUESSES)

    @web.middleware
    async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await _told(request, handler)
        if not answer.prepared:
            add_security_headers(answer.headers, request.path)
        return answer

    @web.middleware
    async def admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
        client, now = client_of(request.remote), clock()
        _check_pace(asked, client, now)
        asked.count(client, now)
        check_host(request, config.hosts)
        check_origin(request)
        if config.token is not None:
            opened = _check_token(request, config.token, guessed, client, now)
            if opened is not None:
                return opened
        if request.match_info.http_exception is None:  # else there is nobody to read the body
            request = await with_body(request, config.largest_body)
        return await handler(request)

    return [told, admitted]


async def _told(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": error.headers.get("Allow", "")})
        return error_response(refusal_of(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_response(refusal_of(error))
    except ApiRefusal as refusal:
        logger.debug("%s: %s", refusal.code, refusal)
        return error_response(refusal)
    except Exception as error:
        refusal = refusal_of(error)
        if refusal.status >= 500 and isinstance(error, PecheadError):  # foreseen, and says all
            logger.warning("%s %s: %s", request.method, request.path, error)
        elif refusal.status >= 500:
            logger.exception("%s %s failed", request.method, request.path)
        return error_response(refusal)


def _check_pace(flood: Flood, client: str, now: float) -> None:
    seconds = flood.wait(client, now)
    if seconds > 0:
        wait = math.ceil(seconds)
        raise ApiRefusal(
            429,
            "too_fast",
            f"too many requests: wait {wait} s and send fewer",
            {"Retry-After": str(wait)},
        )


def _check_token(
    request: web.Request, token: str, guessed: Flood, client: str, now: float
) -> web.Response | None:
    """`ApiRefusal` unless the token came with it; the answer to whoever opened the link."""
    given = presented(request)
    if given is not None:
        _check_pace(guessed, client, now)  # before the comparison: a guess too many learns nothing
        if same(given.token, token):
            return welcome(request, token) if given.place == "link" else None
        guessed.count(client, now)
        logger.warning("%s sent a wrong token (%s)", client, given.place)
    headers = {"WWW-Authenticate": "Bearer"}
    if given is not None and given.place == "cookie":
        headers["Set-Cookie"] = forgotten()  # of an earlier run: not to be sent again and again
    raise ApiRefusal(
        401,
        "no_token",
        "the token is missing or wrong: open the link that the server printed",
        headers,
    )
