"""The studio's server: its parts joined into one aiohttp application."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

from aiohttp import web

from pechead_live.errors import InputError
from pechead_live.studio.avatar_routes import add_avatar_routes
from pechead_live.studio.config import StudioConfig
from pechead_live.studio.gallery import Gallery
from pechead_live.studio.gate import GateConfig, add_gate
from pechead_live.studio.intake import Intake
from pechead_live.studio.page_files import add_page_routes
from pechead_live.studio.rooms import Rooms
from pechead_live.studio.rtc.bitrate import set_bitrates
from pechead_live.studio.rtc.consent import wait_for_consent
from pechead_live.studio.rtc.marker import emit_on_marker
from pechead_live.studio.rtc.playout import know_playout_delay
from pechead_live.studio.session import Parts
from pechead_live.studio.session_routes import add_session_routes

ROOMS = web.AppKey("rooms", Rooms)
"""Where an application has its rooms, to be drained before it is cleaned up."""


class Studio(NamedTuple):
    """What a server is made of."""

    parts: Parts
    gallery: Gallery
    intake: Intake
    gate: GateConfig
    config: StudioConfig
    program: str
    """Version of this program."""


def studio_app(studio: Studio) -> web.Application:
    """The application; its sessions end when it is cleaned up."""
    app = web.Application()
    add_gate(app, studio.gate)
    rooms = Rooms(studio.parts, lambda: _first(studio.gallery), studio.config)
    app[ROOMS] = rooms
    add_page_routes(app)
    add_avatar_routes(app, studio.gallery, studio.intake)
    add_session_routes(app, rooms, studio.config, studio.program)

    async def living(app: web.Application) -> AsyncIterator[None]:
        del app
        set_bitrates(studio.config.bitrate)
        emit_on_marker()
        wait_for_consent()
        know_playout_delay()
        rooms.start()
        yield
        await rooms.close_all()
        await asyncio.to_thread(studio.intake.close)

    app.cleanup_ctx.append(living)
    return app


def _first(gallery: Gallery) -> str:
    entries = gallery.entries()
    if not entries:
        raise InputError("there is no avatar: add a portrait first")
    return entries[0].id
