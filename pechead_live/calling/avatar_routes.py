"""An avatar for whoever comes with a browser: its stills and its stream's header; and stills of its
camera's pictures.

What is sent here is answered and forgotten.
"""

import asyncio
from dataclasses import replace
from functools import cache
from pathlib import Path

from aiohttp import web

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import decode_avatar, open_avatar
from pechead_live.avatar.still import FRESH, FULL, GLIMPSE, still_of
from pechead_live.calls import header_for
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model
from pechead_live.samples import sample
from pechead_live.studio.avatar_routes import LONGEST_CONSENT, LONGEST_NAME, text_field
from pechead_live.studio.intake import Intake, IntakeConfig, looks_like_a_picture
from pechead_live.studio.refusal import ApiRefusal

OF_CAMERA = "their own camera, shown with their leave"
"""The consent line of a still of a page's camera: the page asks for it."""


OF_PAGE = IntakeConfig(largest_bytes=512 * 1024, most_pixels=1_000_000, seconds=15, waiting=1)
"""A page's camera's pictures: 480 lines, and no time to wait for."""


def add_avatar_routes(app: web.Application, quality_px: float, landmarker: Path | None) -> None:
    """Of an avatar GET gives a sample's, POST that of an avatar file or of a photo; of a camera's
    picture POST gives a still."""

    intake = Intake(IntakeConfig(landmarker=landmarker))
    camera_intake = Intake(replace(OF_PAGE, landmarker=landmarker))

    one_at_a_time = asyncio.Semaphore(1)

    async def of_sample(_request: web.Request) -> web.Response:
        async with one_at_a_time:
            return _answer(await asyncio.to_thread(_of_sample, quality_px))

    async def of_file(request: web.Request) -> web.Response:
        content = await request.read()
        if looks_like_a_picture(content):
            name = text_field(request, "name", LONGEST_NAME)
            consent = text_field(request, "consent", LONGEST_CONSENT)
            avatar = await intake.take(content, name=name, consent=consent)
        else:
            avatar = await asyncio.to_thread(_avatar_in, content)
        async with one_at_a_time:
            return _answer(await asyncio.to_thread(_packed, avatar, quality_px))

    async def still(request: web.Request) -> web.Response:
        try:
            photo = await request.read()
            avatar = await camera_intake.take(photo, name="camera", consent=OF_CAMERA)
        except ApiRefusal as refusal:
            if refusal.code == "no_face":  # as is to be expected of a camera, now and then
                return web.Response(status=204)
            raise
        async with one_at_a_time:
            return _answer((await asyncio.to_thread(still_of, avatar, FRESH)).content)

    async def close(_app: web.Application) -> None:
        for each in (intake, camera_intake):
            await asyncio.to_thread(each.close)

    app.on_cleanup.append(close)
    app.router.add_post("/api/v1/still", still)
    app.router.add_get("/api/v1/avatar", of_sample)
    app.router.add_post("/api/v1/avatar", of_file)


def _avatar_in(content: bytes) -> Avatar:
    try:
        return decode_avatar(content, "the file")
    except InputError as error:
        raise ApiRefusal(422, "bad_avatar", str(error)) from error


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
