"""An avatar for whoever comes with a browser: its stills and its stream's header.

What is sent here is answered and forgotten.
"""

import asyncio
from functools import cache

from aiohttp import web

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import decode_avatar, open_avatar
from pechead_live.avatar.still import FULL, GLIMPSE, still_of
from pechead_live.calls import header_for
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model
from pechead_live.samples import sample
from pechead_live.studio.refusal import ApiRefusal


def add_avatar_routes(app: web.Application, quality_px: float) -> None:
    """GET gives a sample's, POST that of an avatar file."""

    one_at_a_time = asyncio.Semaphore(1)

    async def of_sample(_request: web.Request) -> web.Response:
        async with one_at_a_time:
            return _answer(await asyncio.to_thread(_of_sample, quality_px))

    async def of_file(request: web.Request) -> web.Response:
        content = await request.read()
        try:
            avatar = await asyncio.to_thread(decode_avatar, content, "the file")
        except InputError as error:
            raise ApiRefusal(422, "bad_avatar", str(error)) from error
        async with one_at_a_time:
            return _answer(await asyncio.to_thread(_packed, avatar, quality_px))

    app.router.add_get("/api/v1/avatar", of_sample)
    app.router.add_post("/api/v1/avatar", of_file)


@cache
def _of_sample(quality_px: float) -> bytes:
    return _packed(open_avatar(sample("astronaut.avatar")), quality_px)


def _answer(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/octet-stream")


def _packed(avatar: Avatar, quality_px: float) -> bytes:
    """Header and stills, each after its length in 4 bytes."""
    header = header_for(avatar.rest, load_face_model(), quality_px=quality_px).to_bytes()
    parts = header, still_of(avatar, GLIMPSE).content, still_of(avatar, FULL).content
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
