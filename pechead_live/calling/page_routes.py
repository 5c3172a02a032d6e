"""The call's page: its own files and those of the rooms that it uses, by name."""

import asyncio
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from aiohttp import web

from pechead_live.assets import find_asset
from pechead_live.errors import MissingAssetError
from pechead_live.page_libraries import page_library_files
from pechead_live.renderer.page_model import page_model
from pechead_live.studio.page_files import type_of
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.security_headers import CONTENT_SECURITY_POLICY
from pechead_live.tracker.page_solver import page_solver
from pechead_live.weights import shipped

ROOMS = ("calling", "calls", "renderer", "tracker", "studio")
"""Whose ``page`` folders are served, each under its own name."""

POLICY = CONTENT_SECURITY_POLICY.replace("script-src", "script-src 'wasm-unsafe-eval'")
"""WebAssembly is compiled by MediaPipe's tracker and ONNX Runtime."""

NETWORK = "lite-s"
"""What a page may draw with."""

_OTHERS = ("library/", "weights/", "data/face_landmarker")
KEPT = "private, max-age=604800"
"""Files of megabytes that hardly ever change."""

PAGE_ONLY = (
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
)

Read = Callable[[], bytes]


def add_page_routes(app: web.Application, landmarker: Path | None) -> None:
    """``/`` is the page, ``/page/ROOM/NAME`` what it loads; ``landmarker`` as `find_asset`."""
    found = served(landmarker)

    async def page(_request: web.Request) -> web.Response:
        return await _answer("calling/index.html", found)

    async def part(request: web.Request) -> web.Response:
        return await _answer(request.match_info["name"], found)

    async def policy(request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith("/api"):  # data is no page: a thin line is spared the policies
            for name in PAGE_ONLY:
                response.headers.pop(name, None)
        else:
            response.headers["Content-Security-Policy"] = POLICY

    app.on_response_prepare.append(policy)
    app.router.add_get("/", page)
    app.router.add_get("/page/{name:.+}", part)


def served(landmarker: Path | None) -> dict[str, Read]:
    """Everything that there is, by its place below /page; nothing of a request becomes a path."""
    found: dict[str, Read] = {}
    for room in ROOMS:
        for entry in files(f"pechead_live.{room}").joinpath("page").iterdir():
            if entry.is_file():
                found[f"{room}/{entry.name}"] = entry.read_bytes
    for name, file in page_library_files().items():
        found[f"library/{name}"] = file.read
    network = shipped(NETWORK)
    if network is not None:
        for part in ("encode", "motion", "decode"):
            found[f"weights/{part}.onnx"] = (network / f"{part}.onnx").read_bytes
    priors = files("pechead_live.calls").joinpath("priors.bin")
    return found | {
        "data/priors.bin": priors.read_bytes,
        "data/model.bin": page_model,
        "data/solver.bin": page_solver,
        "data/face_landmarker.task": lambda: find_asset("face_landmarker", landmarker).read_bytes(),
    }


async def _answer(name: str, found: dict[str, Read]) -> web.Response:
    read = found.get(name)
    if read is None:
        raise web.HTTPNotFound
    try:
        content = await asyncio.to_thread(read)
    except MissingAssetError as error:
        raise ApiRefusal(503, "missing_file", str(error)) from error
    kind = type_of(name)
    text = kind.startswith(("text/", "image/svg"))
    answer = web.Response(
        body=content,
        content_type=kind,
        charset="utf-8" if text else None,
        headers={"Cache-Control": KEPT if name.startswith(_OTHERS) else "no-cache"},
    )
    answer.enable_compression()
    return answer
