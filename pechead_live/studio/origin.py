"""Is a request meant for this server, and does it come from its own page?

The host's name keeps out pages that let their own name point to this machine (DNS rebinding), the
origin those that send requests in the name of whoever looks at them (CSRF).
"""

import re
from collections.abc import Set as AbstractSet

from aiohttp import web

from pechead_live.studio.refusal import ApiRefusal

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
"""A Host header in lower case."""


def check_host(request: web.Request, hosts: AbstractSet[str]) -> None:
    """`ApiRefusal` unless the request's Host is one of ``hosts``, at whatever port."""
    given = request.headers.getall("Host", [])
    found = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
    if found is None or (found["v6"] or found["name"]) not in hosts:
        raise ApiRefusal(
            403,
            "foreign_host",
            "this server does not answer to that host name: open the address that it printed",
        )


def check_origin(request: web.Request) -> None:
    """`ApiRefusal` if a page that is not this server's own sent the request.

    After `check_host`: the own page is the one at the request's host and port. With a proxy that
    speaks TLS in front of the server, that page's scheme is https and ours http.
    """
    host = request.headers["Host"].lower()
    own = {f"{request.scheme}://{host}", f"https://{host}"}
    foreign = any(given.lower() not in own for given in request.headers.getall("Origin", []))
    if request.method not in SAFE_METHODS or request.path.startswith("/api"):
        site = request.headers.get("Sec-Fetch-Site", "none").lower()
        foreign = foreign or site not in ("none", "same-origin")
    if foreign:
        raise ApiRefusal(
            403, "foreign_origin", "another page sent this request: use the studio's own page"
        )
