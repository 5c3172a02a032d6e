"""The API's paths of avatars: list, take in, look at, delete."""

import asyncio
import unicodedata
from typing import Any

from aiohttp import web

from pechead_live.studio.gallery import Entry, Gallery
from pechead_live.studio.intake import Intake
from pechead_live.studio.refusal import ApiRefusal

PATH = "/api/v1/avatars"

LONGEST_NAME, LONGEST_CONSENT = 60, 200
"""Characters."""

_STEERING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Unicode's characters that turn the direction of the text around them."""


def add_avatar_routes(app: web.Application, gallery: Gallery, intake: Intake) -> None:
    """Adds the paths below `PATH`. The gate stands before them."""

    async def listed(_: web.Request) -> web.Response:
        entries = await asyncio.to_thread(gallery.entries)
        return web.json_response({"avatars": [described(entry) for entry in entries]})

    async def added(request: web.Request) -> web.Response:
        if request.content_type != "application/octet-stream":
            raise ApiRefusal(
                415,
                "bad_type",
                f"a picture is sent as application/octet-stream, not {request.content_type!r}",
            )
        name = text_field(request, "name", LONGEST_NAME)
        consent = text_field(request, "consent", LONGEST_CONSENT)
        avatar = await intake.take(await request.read(), name=name, consent=consent)
        entry = await asyncio.to_thread(gallery.add, avatar)
        return web.json_response(described(entry), status=201)

    async def still(request: web.Request) -> web.Response:
        avatar_id = request.match_info["id"]
        picture = await asyncio.to_thread(gallery.still, avatar_id)
        # asked for again each time: a deleted portrait is gone
        headers = {"ETag": f'"{avatar_id}"', "Cache-Control": "private, no-cache"}
        known = request.if_none_match or ()
        if any(tag.value in (avatar_id, "*") for tag in known):
            return web.Response(status=304, headers=headers)
        return web.Response(body=picture, content_type="image/jpeg", headers=headers)

    async def deleted(request: web.Request) -> web.Response:
        await asyncio.to_thread(gallery.delete, request.match_info["id"])
        return web.Response(status=204)

    app.router.add_get(PATH, listed)
    app.router.add_post(PATH, added)
    app.router.add_get(PATH + "/{id}/still", still)
    app.router.add_delete(PATH + "/{id}", deleted)


def described(entry: Entry) -> dict[str, Any]:
    """AVATAR of the API."""
    return {
        "id": entry.id,
        "name": entry.name,
        "consent": entry.consent,
        "still": f"{PATH}/{entry.id}/still",
    }


def text_field(request: web.Request, name: str, longest: int) -> str:
    """The query's ``name``: 1 to ``longest`` printable characters, or `ApiRefusal`."""
    text = request.query.get(name, "").strip()
    if not 1 <= len(text) <= longest:
        raise ApiRefusal(
            400, "bad_field", f"{name} has {len(text)} characters: give 1 to {longest}"
        )
    if any(_controls(character) for character in text):
        raise ApiRefusal(
            400, "bad_field", f"{name} holds control characters: give letters and signs only"
        )
    return text


def _controls(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(character) in _STEERING
