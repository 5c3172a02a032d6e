"""A request's body: of a type that no form can send, of a bounded size, there in time."""

import asyncio

from aiohttp import web

from pechead_live.studio.origin import SAFE_METHODS
from pechead_live.studio.refusal import ApiRefusal

TYPES = ("application/json", "application/octet-stream")
"""A browser asks before it sends these to a server that is not the page's own."""

LARGEST_JSON = 256 * 1024
"""Bytes; an offer with all its candidates has about a tenth."""

ARRIVES_WITHIN_S = 60.0
"""Seconds for the whole body; 16 MiB at 2.2 Mbit/s."""


async def with_body(request: web.Request, largest: int) -> web.Request:
    """``request`` with its body read, at most ``largest`` bytes (JSON: `LARGEST_JSON`).

    Raises `ApiRefusal`. A method that changes something must name a type even for an empty body,
    DELETE only for a body that it need not have.
    """
    if request.method in SAFE_METHODS or (request.method == "DELETE" and not request.body_exists):
        return request
    if request.content_type not in TYPES or "Content-Encoding" in request.headers:
        raise ApiRefusal(
            415,
            "bad_type",
            f"a body of type {request.content_type!r} is not taken: send {' or '.join(TYPES)}, "
            "uncompressed",
        )
    most = min(largest, LARGEST_JSON) if request.content_type == TYPES[0] else largest
    if (request.content_length or 0) > most:
        raise too_large(most)
    bounded = request.clone(client_max_size=most)
    try:
        async with asyncio.timeout(ARRIVES_WITHIN_S):
            await bounded.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise too_large(most) from error
    except TimeoutError as error:
        raise ApiRefusal(
            408, "too_slow", f"the body did not arrive in {ARRIVES_WITHIN_S:.0f} s: send it again"
        ) from error
    return bounded


def too_large(most: int) -> ApiRefusal:
    """The refusal of a body over ``most`` bytes."""
    size = f"{most / 2**20:.0f} MiB" if most >= 2**20 else f"{most / 2**10:.0f} KiB"
    return ApiRefusal(
        413, "too_large", f"the body has more than {size}: send less", {"Connection": "close"}
    )
