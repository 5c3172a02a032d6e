"""The API's paths of sessions: offers, controls, status, sinks."""

from typing import Any

from aiohttp import web

from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.motion.config import GAINS
from pechead_live.studio.config import StudioConfig
from pechead_live.studio.controls import SIZES, changed, controls_as_json
from pechead_live.studio.presets import presets_as_json
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.room import Room
from pechead_live.studio.rooms import Rooms
from pechead_live.studio.rtc.peer import checked_offer
from pechead_live.studio.sinks import SINKS, availability

VERSION = 1
"""Of the API."""


def add_session_routes(
    app: web.Application, rooms: Rooms, config: StudioConfig, program: str
) -> None:
    """``program``: the version of this program."""

    async def about(_request: web.Request) -> web.Response:
        return web.json_response({"version": VERSION, "program": program})

    async def options(_request: web.Request) -> web.Response:
        return web.json_response(_options(config))

    async def sessions(_request: web.Request) -> web.Response:
        return web.json_response({"sessions": rooms.names})

    async def open_session(request: web.Request) -> web.Response:
        body = await _object(request)
        checked_offer(body.get("offer"))  # before anything that takes a second
        room = await rooms.open(body.get("camera", "browser"), body.get("controls", {}))
        try:
            answer = await room.connect(body.get("offer"), sends=True)
        except BaseException:
            await rooms.close(room.name)
            raise
        found = room.as_json()
        told = {"id": room.name, "answer": answer, "controls": found["controls"]}
        return web.json_response(told, status=201)

    async def session(request: web.Request) -> web.Response:
        return web.json_response(_room(request).as_json())

    async def offer(request: web.Request) -> web.Response:
        body = await _object(request)
        answer = await _room(request).connect(body.get("offer"), sends=True)
        return web.json_response({"answer": answer})

    async def view(request: web.Request) -> web.Response:
        body = await _object(request)
        answer = await _room(request).connect(body.get("offer"), sends=False)
        return web.json_response({"answer": answer})

    async def controls(request: web.Request) -> web.Response:
        patch, found = await _object(request), _room(request).session
        taken = found.change(lambda now: changed(now, patch, models=config.models))
        return web.json_response(controls_as_json(taken))

    async def status(request: web.Request) -> web.Response:
        return web.json_response(_room(request).status())

    async def calibrate(request: web.Request) -> web.Response:
        _room(request).session.calibrate()
        return web.json_response({}, status=202)

    async def open_sink(request: web.Request) -> web.Response:
        sinks = await _room(request).set_sink(_sink(request), on=True)
        return web.json_response({"sinks": sinks})

    async def close_sink(request: web.Request) -> web.Response:
        sinks = await _room(request).set_sink(_sink(request), on=False)
        return web.json_response({"sinks": sinks})

    async def close_session(request: web.Request) -> web.Response:
        await rooms.close(_room(request).name)
        return web.Response(status=204)

    def _room(request: web.Request) -> Room:
        return rooms.find(request.match_info["id"])

    one = "/api/v1/sessions/{id}"
    app.router.add_get("/api/v1", about)
    app.router.add_get("/api/v1/options", options)
    app.router.add_get("/api/v1/sessions", sessions)
    app.router.add_post("/api/v1/sessions", open_session)
    app.router.add_get(one, session)
    app.router.add_delete(one, close_session)
    app.router.add_post(f"{one}/offer", offer)
    app.router.add_post(f"{one}/viewers", view)
    app.router.add_patch(f"{one}/controls", controls)
    app.router.add_get(f"{one}/status", status)
    app.router.add_post(f"{one}/calibrate", calibrate)
    app.router.add_put(f"{one}/sinks/{{sink}}", open_sink)
    app.router.add_delete(f"{one}/sinks/{{sink}}", close_sink)


async def _object(request: web.Request) -> dict[Any, Any]:
    """The body's JSON object. Raises `ApiRefusal`."""
    try:
        body = await request.json()
    except ValueError as error:
        raise ApiRefusal(400, "bad_json", f"the body is not JSON ({error})") from error
    if not isinstance(body, dict):
        raise ApiRefusal(400, "bad_json", "the body is JSON but no object: send {...}")
    return body


def _sink(request: web.Request) -> str:
    name = request.match_info["sink"]
    if name not in SINKS:
        raise ApiRefusal(404, "unknown_path", f"there is no such sink: use {', '.join(SINKS)}")
    return name


_MODEL_TEXTS = {
    "analytic": "geometry only: sharp, and quick everywhere",
    "lite-s": "a small network over it: mouths and what was hidden",
    "lite-m": "a larger one, for four cores or more",
}


def _options(config: StudioConfig) -> dict[str, Any]:
    return {
        "models": [{"name": name, "text": _MODEL_TEXTS.get(name, name)} for name in config.models],
        "sizes": list(SIZES),
        "gains": list(GAINS),
        "expressions": list(EXPRESSION_NAMES),
        "presets": presets_as_json(),
        "cameras": [{"name": name, "text": f"camera {name}"} for name in config.cameras],
        "sinks": availability(),
        "ice_servers": list(config.ice_servers),
    }
