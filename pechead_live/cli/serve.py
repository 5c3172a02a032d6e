"""``pechead-live serve``: the studio's server, for a page that is opened by hand or elsewhere."""

import argparse
import asyncio
import logging
import signal
import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs
from aiohttp import web

from pechead_live.assets import find_asset
from pechead_live.cli.cluster_options import add_cluster_arguments, placed
from pechead_live.cli.listening import LOCAL, add_server_arguments, ice_server, link_of, listen
from pechead_live.cli.models import LITE, drawn_by, shipped_factory_of
from pechead_live.cli.tracker_options import add_tracker_arguments, tracker_from
from pechead_live.errors import InputError
from pechead_live.host_memory import keep_what_is_loaded
from pechead_live.studio.access_token import check_token, new_token
from pechead_live.studio.config import StudioConfig
from pechead_live.studio.expectation import ignore_odd_expectations
from pechead_live.studio.gallery import GALLERY, Gallery
from pechead_live.studio.gate import GateConfig
from pechead_live.studio.intake import Intake, IntakeConfig
from pechead_live.studio.server import ROOMS, Studio, studio_app
from pechead_live.studio.session import Parts
from pechead_live.studio.tls import ssl_context
from pechead_live.weights import shipped

RECORDINGS = Path(platformdirs.user_videos_dir()) / "PECHead"
"""Where recordings lie unless another folder is named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `serve` and `studio`."""
    group = add_server_arguments(parser)
    group.add_argument("--sessions", type=int, default=2, help="most at a time (default: 2)")
    group.add_argument(
        "--drain",
        type=float,
        default=0.0,
        metavar="S",
        help="after SIGTERM no session is taken any more, and those that run may go on for this "
        "many seconds (default: %(default)g)",
    )
    add_cluster_arguments(parser)
    group = parser.add_argument_group("avatars and cameras")
    group.add_argument(
        "--source",
        type=Path,
        action="append",
        default=[],
        dest="sources",
        metavar="S.avatar",
        help="an avatar to offer besides the gallery's; may be repeated",
    )
    group.add_argument(
        "--gallery", type=Path, default=GALLERY, help="folder of avatars (default: %(default)s)"
    )
    group.add_argument(
        "--recordings", type=Path, default=RECORDINGS, help="folder (default: %(default)s)"
    )
    group.add_argument(
        "--camera",
        action="append",
        dest="cameras",
        metavar="C",
        help="a camera of this machine to offer: an index, a video file or a URL; may be repeated "
        "(default: those that there are)",
    )
    add_tracker_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serves until Ctrl-C."""
    return serve(arguments, opens_page=False)


def serve(arguments: argparse.Namespace, *, opens_page: bool) -> int:
    """Joins the parts, prints the link and serves. ``opens_page``: in the user's browser."""
    if not arguments.drain >= 0:
        raise InputError(f"--drain {arguments.drain}: give 0 or more seconds")
    if arguments.key is not None and arguments.certificate is None:
        raise InputError(f"a key {arguments.key} without its certificate: give --certificate")
    certificate: Path | None = arguments.certificate
    tls = None if certificate is None else ssl_context(certificate, arguments.key)
    find_asset("face_landmarker", arguments.landmarker)  # fetched, or refused, before anybody waits
    studio = _studio(arguments)
    with placed(arguments, studio.parts) as parts:
        listening = listen(arguments.host, arguments.port)
        link = link_of(arguments, listening.getsockname()[1], studio.gate.token)
        _tell(link, has_token=studio.gate.token is not None, has_tls=tls is not None)
        for library in ("aioice", "aiortc"):  # every candidate pair is a line
            logging.getLogger(library).setLevel(logging.WARNING)
        if opens_page:
            webbrowser.open(link)
        app = studio_app(studio._replace(parts=parts))
        keep_what_is_loaded()
        try:
            asyncio.run(_serve(app, listening, tls, arguments.drain))
        except KeyboardInterrupt:
            print("ended")
    return 0


def parts_of(open_tracker: Callable[[], Any], open_avatar: Callable[[str], Any]) -> Parts:
    """What sessions are joined from, with the models of this program."""
    return Parts(
        open_avatar=open_avatar,
        factory_of=shipped_factory_of,
        drawn_by=drawn_by,
        open_tracker=open_tracker,
    )


def _studio(arguments: argparse.Namespace) -> Studio:
    local = arguments.host in LOCAL
    token: str | None = arguments.token
    if token is not None:
        check_token(token)
    elif not local:
        token = new_token()
    hosts = {*LOCAL, *(name.lower() for name in arguments.name)}
    if not local:
        hosts |= {arguments.host.lower(), socket.gethostname().lower()}
    gallery = Gallery(arguments.gallery, arguments.sources)
    return Studio(
        parts=parts_of(tracker_from(arguments), gallery.open),
        gallery=gallery,
        intake=Intake(IntakeConfig(landmarker=arguments.landmarker)),
        gate=GateConfig(hosts=frozenset(hosts), token=token),
        config=StudioConfig(
            recordings=arguments.recordings,
            cameras=_cameras(arguments.cameras),
            ice_servers=tuple(ice_server(text) for text in arguments.ice_servers),
            models=("analytic", *(model for model in LITE if shipped(model) is not None)),
            most_sessions=arguments.sessions,
        ),
        program=version("pechead-live"),
    )


def _cameras(specs: list[str] | None) -> dict[str, str]:
    """Name in the API to what opens it; a file's folder stays on this machine."""
    if specs is None:
        from pechead_live.camera.opencv import existing_cameras

        specs = [str(index) for index in existing_cameras()]
    return {spec if "://" in spec else Path(spec).name: spec for spec in specs}


def _tell(link: str, *, has_token: bool, has_tls: bool) -> None:
    print(f"the studio is at {link}", flush=True)
    if has_token:
        print("the link holds the token: who has it can use this server", flush=True)
        if not has_tls:
            print(
                "without TLS a browser gives its camera to this machine's own pages only: give "
                "--certificate, or put a proxy with TLS before it and name it with --name",
                flush=True,
            )
    print("Ctrl-C ends it", flush=True)


async def _serve(app: web.Application, listening: socket.socket, tls: Any, drain_s: float) -> None:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    assert runner.server is not None, "setup makes it"
    ignore_odd_expectations(runner.server)
    try:
        await web.SockSite(runner, listening, ssl_context=tls).start()
        stop = asyncio.Event()
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()
        await app[ROOMS].drain(drain_s)
    finally:
        await runner.cleanup()
