"""Odd Expect headers, which aiohttp answers before any middleware.

With bytes in them that are no UTF-8 it fails over its own answer (aiohttp 3.14: status 500). A
server may ignore an expectation that it does not know (RFC 9110, 10.1.1).
"""

from typing import Any

from aiohttp import web
from aiohttp.http import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy


def ignore_odd_expectations(server: web.Server) -> None:
    """From now on ``server``, a runner's, sees no Expect but "100-continue".

    Call it after ``runner.setup()``, before a site is started.
    """
    made = server.request_factory

    def without(message: RawRequestMessage, *others: Any) -> Any:
        if message.headers.get("Expect", "100-continue").lower() != "100-continue":
            kept = CIMultiDict(message.headers)
            kept.popall("Expect")
            message = message._replace(headers=CIMultiDictProxy(kept))
        return made(message, *others)

    server.request_factory = without
