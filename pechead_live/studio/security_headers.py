"""Headers of every answer: what a browser may do with it."""

from collections.abc import MutableMapping

from aiohttp import web

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
"""Everything from this server, nothing inline, in nobody's frame."""

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self)",
}
"""On every answer."""

_SERVER = "pechead-live"
"""In place of the names and versions of Python and aiohttp."""


def add_security_headers(headers: MutableMapping[str, str], path: str) -> None:
    """Adds `HEADERS` to an answer's; one below /api is stored nowhere unless it says otherwise."""
    for name, value in HEADERS.items():
        headers[name] = value
    headers["Server"] = _SERVER
    if path.startswith("/api"):
        headers.setdefault("Cache-Control", "no-store")


async def secure(request: web.Request, response: web.StreamResponse) -> None:
    """For ``app.on_response_prepare``: reaches the answers that no middleware sees, too."""
    add_security_headers(response.headers, request.path)
