"""The page's own files: read once, served by name; no name of a request becomes a path."""

import mimetypes
from importlib.resources import files
from typing import NamedTuple

from aiohttp import web

_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
}
"""A system's table of types may have others for these."""


class _File(NamedTuple):
    content: bytes
    content_type: str


def add_page_routes(app: web.Application) -> None:
    """``/`` is the page, ``/page/NAME`` what it loads."""
    found = {
        entry.name: _File(entry.read_bytes(), type_of(entry.name))
        for entry in files("pechead_live.studio").joinpath("page").iterdir()
        if entry.is_file()
    }

    async def page(_request: web.Request) -> web.Response:
        return _answer(found["index.html"])

    async def part(request: web.Request) -> web.Response:
        file = found.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return _answer(file)

    app.router.add_get("/", page)
    app.router.add_get("/page/{name}", part)


def _answer(file: _File) -> web.Response:
    text = file.content_type.startswith(("text/", "image/svg"))
    return web.Response(
        body=file.content,
        content_type=file.content_type,
        charset="utf-8" if text else None,
        headers={"Cache-Control": "no-cache"},
    )


def type_of(name: str) -> str:
    """Content type of a file of this name."""
    suffix = f".{name.rpartition('.')[2]}"
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
