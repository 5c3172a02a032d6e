"""``pechead-live run --remote``: the camera and the sinks here, the avatar on a server."""

import argparse
import asyncio
import json
import logging
import threading
from contextlib import ExitStack
from typing import Any

from pechead_live.camera.open import REPLAY, open_camera
from pechead_live.cli.interrupt import stop_on_signals
from pechead_live.cli.motion_options import motion_config_from, overrides_from
from pechead_live.cli.sinks import open_sinks
from pechead_live.cli.size import size_from
from pechead_live.cli.watch import listen_for_enter, watch_of
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.motion.config import GAINS
from pechead_live.protocols import Camera

SERVERS_OWN = {
    "source": "it shows the avatars of its gallery, choose one with --avatar",
    "consent": "it prepares a photo on its page",
    "crop": "it prepares a photo on its page",
    "checkpoint": "it draws with its own weights",
    "int8": "it chooses by itself",
    "background": "it takes a picture or a colour on its page only",
    "tracker": "it reads your face as it was started",
    "tracker_checkpoint": "it reads your face as it was started",
    "landmarker": "it reads your face as it was started",
    "yaw": "it turns the head on top of yours, on its page",
    "pitch": "it turns the head on top of yours, on its page",
    "roll": "it turns the head on top of yours, on its page",
}
"""Options of `run` that a remote run refuses, and why."""


def add_remote_arguments(parser: argparse.ArgumentParser) -> None:
    """``--remote`` and ``--avatar``."""
    group = parser.add_argument_group("a server draws")
    group.add_argument(
        "--remote",
        metavar="LINK",
        help="send the camera to a 'pechead-live serve' and get the avatar back; the link that it "
        "printed, with its token",
    )
    group.add_argument(
        "--avatar",
        metavar="NAME|ID",
        help="of the server's gallery (default: the first); with --remote, in place of --source",
    )
    # what a remote run refuses is what differs from its default
    parser.set_defaults(defaults_of=parser.get_default)


def check_not_remote(arguments: argparse.Namespace) -> None:
    """`InputError` if a run on this machine lacks its portrait or has another's option."""
    if arguments.avatar is not None:
        raise InputError(
            f"--avatar {arguments.avatar} is one of a server's: give --remote too, or --source"
        )
    if arguments.source is None:
        raise InputError("no portrait was named: give --source, or --remote and a server's link")


def run_remote(arguments: argparse.Namespace, specs: list[str]) -> int:
    """Joins the parts and runs until the camera's stream ends or Ctrl-C. ``specs``: of sinks."""
    for option, why in SERVERS_OWN.items():
        if getattr(arguments, option) != arguments.defaults_of(option):
            name = "--" + option.replace("_", "-")
            raise InputError(f"{name} does nothing on a server: leave it out, {why}")
    if arguments.camera.startswith(REPLAY):
        raise InputError(
            f"{arguments.camera} holds numbers and a server takes pictures: give a camera or a clip"
        )
    controls = controls_from(arguments)
    try:
        from pechead_live.studio.remote.config import RemoteConfig
        from pechead_live.studio.remote.drive import drive_remote
        from pechead_live.studio.remote.link import link_from
        from pechead_live.studio.remote.round_trip import WHAT
        from pechead_live.studio.remote.survey import avatar_id, check_choices, survey
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"a remote run needs {error.name}, which is not installed: run pip install "
            "'pechead-live[studio]'"
        ) from error
    link = link_from(arguments.remote)
    found = asyncio.run(survey(link))
    controls["avatar"] = avatar_id(found, arguments.avatar)
    check_choices(found, controls)
    for library in ("aioice", "aiortc"):  # every candidate pair is a line
        logging.getLogger(library).setLevel(logging.WARNING)
    width, height = size_from(arguments.size)
    with ExitStack() as stack:
        cameras = [_open_camera(arguments)]
        stack.callback(lambda: [camera.close() for camera in cameras])
        sinks = open_sinks(specs, width, height, arguments.fps or cameras[0].fps, stack)
        stop, calibrate = threading.Event(), threading.Event()
        print(
            f"running: {arguments.camera} to {', '.join(specs)}, drawn by {controls['model']} at "
            f"{link.place}",
            flush=True,
        )
        if link.token is not None and not link.encrypted:
            print("without TLS the token can be read on the way: see --certificate of 'serve'")
        print("Ctrl-C ends it", flush=True)
        listen_for_enter(calibrate.set)
        with stop_on_signals(stop):
            measurements = drive_remote(
                link,
                controls,
                found.options["ice_servers"],
                open_camera=lambda: cameras.pop() if cameras else _open_camera(arguments),
                sinks=sinks,
                size=(width, height),
                stop=stop,
                calibrate=calibrate,
                config=RemoteConfig(seconds=arguments.seconds),
                watch=watch_of(sinks, stop, calibrate.set, arguments.calibrate_after),
            )
    print(measurements.table())
    print(f"capture to sink: {WHAT}")
    if arguments.report is not None:
        report = {"drawn_by": f"{controls['model']} at {link.place}", "latency_is": WHAT}
        report |= measurements.report()
        arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def controls_from(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options that a server takes as CONTROLS of its API, without the avatar.

    What ``--set`` sets is added to the driver's own on a server; here it takes its place.
    """
    width, height = size_from(arguments.size)
    motion = motion_config_from(arguments)
    return {
        "model": arguments.model,
        "engine": arguments.engine,
        "size": str(width) if width == height else f"{width}x{height}",
        "motion": motion.mode,
        "gains": {name: getattr(motion, name) for name in GAINS},
        "look_at_camera": motion.look_at_camera,
        "expressions": dict(overrides_from(arguments).expressions),
        "label": not arguments.no_label,
    }


def _open_camera(arguments: argparse.Namespace) -> Camera:
    return open_camera(arguments.camera, loop=arguments.loop, fps=arguments.fps)
