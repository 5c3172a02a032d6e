"""``pechead-live call``: two people, each the other's avatar; only motion and sound travel."""

import argparse
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import open_avatar
from pechead_live.camera.open import REPLAY
from pechead_live.cli.call_host import host_in_browser, house_of
from pechead_live.cli.call_options import (
    LINES,
    RUNG_WORDS,
    add_call_arguments,
    ladder_from,
    turn_from,
)
from pechead_live.cli.interrupt import stop_on_signals
from pechead_live.cli.listening import add_server_arguments, ice_server
from pechead_live.cli.motion_options import (
    motion_config_from,
    overrides_from,
)
from pechead_live.cli.renderer_options import renderer_from
from pechead_live.cli.run import check_positive, open_camera_and_tracker
from pechead_live.cli.sinks import open_sinks, sinks_named
from pechead_live.cli.size import size_from
from pechead_live.cli.watch import listen_for_enter, watch_of
from pechead_live.errors import MissingDependencyError
from pechead_live.frame import Picture
from pechead_live.live.step import IDENTITY
from pechead_live.motion import request_calibration
from pechead_live.protocols import Camera
from pechead_live.steps import labelled, motion_step, smoothing_step

if TYPE_CHECKING:
    from pechead_live.avatar.still import Still
    from pechead_live.calling.conversation import Conversation, Line
    from pechead_live.calling.dialogue import Me
    from pechead_live.calling.ladder.climber import Stand
    from pechead_live.calling.outgoing import Senses

Network = Callable[["Line"], Awaitable[None]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `call`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "wait for somebody, print the link by which they come"
    host = actions.add_parser("host", help=text, description=text[0].upper() + text[1:] + ".")
    text = "come by a link"
    join = actions.add_parser("join", help=text, description=text[0].upper() + text[1:] + ".")
    join.add_argument("link", metavar="LINK", help="as 'pechead-live call host' printed it")
    join.add_argument(
        "--ice-server",
        action="append",
        default=[],
        dest="ice_servers",
        metavar="URL",
        help="such as stun:host:3478 or turn:USER:PASSWORD@host:3478; may be repeated",
    )
    for action in (host, join):
        add_call_arguments(action)
    group = add_server_arguments(host)
    group.add_argument(
        "--in-browser",
        action="store_true",
        help="take part yourself in your browser, which then reads your face and draws; the "
        "options about you and the other end do nothing",
    )
    host.set_defaults(host="0.0.0.0")


def run(arguments: argparse.Namespace) -> int:
    """Joins the parts and talks until the call is over or Ctrl-C."""
    check_positive("--seconds", arguments.seconds)
    check_positive("--quality", arguments.quality)
    try:
        from pechead_live.calling.config import CallConfig
        from pechead_live.calling.conversation import Conversation, Show
        from pechead_live.calling.known_stills import KnownStills
        from pechead_live.calling.microphone import open_microphone
        from pechead_live.calling.motion_wire import MotionConfig
        from pechead_live.calling.speaker import open_speaker
        from pechead_live.calling.voice import VoiceConfig
        from pechead_live.studio.rtc.peer import open_peer
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"a call needs {error.name}, which is not installed: run pip install "
            "'pechead-live[call]'"
        ) from error
    if arguments.action == "host" and arguments.in_browser:
        return host_in_browser(arguments)
    arguments.sinks = arguments.sinks or ["preview"]
    line = LINES[arguments.line]
    config = CallConfig(
        turn=turn_from(arguments),
        voice=VoiceConfig(bitrate=arguments.voice or line.voice, packet_ms=line.packet_ms),
        motion=MotionConfig(frames_per_message=line.frames),
        ladder=ladder_from(arguments),
    )
    size = size_from(arguments.size)
    specs = sinks_named(arguments, inputs=[arguments.source])
    servers = [ice_server(text) for text in arguments.ice_servers]
    make_renderer = renderer_from(arguments)
    for library in ("aioice", "aiortc"):  # every candidate pair is a line
        logging.getLogger(library).setLevel(logging.WARNING)
    avatar = None if arguments.source is None else open_avatar(arguments.source)
    stop = threading.Event()
    with ExitStack() as stack:
        senses = None if avatar is None else _senses(arguments, avatar, stack)
        sinks = open_sinks(specs, *size, config.fps, stack)
        microphone, speaker = open_microphone(arguments.microphone), open_speaker(arguments.speaker)
        me = _me(arguments, avatar)
        network = _network(arguments)  # last: its link is an invitation
        conversation = Conversation(
            me,
            Show(make_renderer, labelled, sinks, size),
            senses=senses,
            microphone=microphone,
            speaker=speaker,
            known=KnownStills(),
            open_peer=lambda: open_peer(servers),
            on_avatar=_introduce,
            on_rung=_tell_rung,
            config=config,
        )

        def calibrate() -> None:
            conversation.requests.put(request_calibration)

        print("Ctrl-C hangs up", flush=True)
        listen_for_enter(calibrate)
        with stop_on_signals(stop):
            if arguments.seconds is not None:
                timer = threading.Timer(arguments.seconds, stop.set)
                timer.daemon = True
                timer.start()
                stack.callback(timer.cancel)
            conversation.run(network, stop=stop, watch=watch_of(sinks, stop, calibrate, None))
    if conversation.ended is not None:
        print(conversation.ended)
    print(conversation.measurements.table())
    if arguments.report is not None:
        arguments.report.write_text(json.dumps(report_of(conversation), indent=2) + "\n")
    return 0


def report_of(conversation: "Conversation") -> dict[str, Any]:
    """What was measured."""
    arrivals = conversation.arrivals
    return conversation.measurements.report() | {
        "milestones_s": conversation.milestones,
        "frames": arrivals.frames,
        "shown": arrivals.shown,
        "bridged": arrivals.bridged,
        "longest_gap_s": round(arrivals.longest_gap_s, 3),
        "dropped_packets": arrivals.dropped(),
        "packets": conversation.counts,
    }


def _network(arguments: argparse.Namespace) -> Network:
    from pechead_live.calling.guest import join
    from pechead_live.calling.host import keep_house
    from pechead_live.studio.remote.link import link_from

    if arguments.action == "join":
        link = link_from(arguments.link)
        return lambda line: join(link, line)
    house = house_of(arguments)
    return lambda line: keep_house(line, *house)


def _senses(arguments: argparse.Namespace, avatar: Avatar, stack: ExitStack) -> "Senses":
    from pechead_live.calling.outgoing import Senses

    first, tracker_of = open_camera_and_tracker(arguments)
    stack.callback(first.close)
    tracker = tracker_of()
    stack.callback(tracker.close)
    cameras = [first]

    def camera() -> Camera:
        return cameras.pop() if cameras else open_camera_and_tracker(arguments)[0]

    config, overrides = motion_config_from(arguments), overrides_from(arguments)
    return Senses(
        open_camera=camera,
        tracker=tracker,
        avatar=avatar,
        smoothing=IDENTITY if arguments.camera.startswith(REPLAY) else smoothing_step(),
        motion=motion_step(avatar.rest, config, overrides),
        still_of=_still_of_camera(arguments, avatar, stack) if arguments.real_face else None,
    )


def _still_of_camera(
    arguments: argparse.Namespace, avatar: Avatar, stack: ExitStack
) -> "Callable[[Picture], Still]":
    """Makes a still of a camera's picture, as the line carries it."""
    from pechead_live.avatar.prepare import FACES, prepare_avatar
    from pechead_live.avatar.still import FRESH, FRESH_THIN, still_of
    from pechead_live.detector.landmarker import Landmarker

    edition = FRESH_THIN if arguments.line == "thin" else FRESH
    landmarker = Landmarker(arguments.landmarker, still=True, faces=FACES)
    stack.callback(landmarker.close)

    def still(picture: Picture) -> "Still":
        shown = prepare_avatar(
            picture.pixels,
            consent="their own camera, with --real-face",
            name=arguments.called or avatar.name,
            landmarker=landmarker,
        )
        return still_of(shown, edition)

    return still


def _me(arguments: argparse.Namespace, avatar: Avatar | None) -> "Me":
    from pechead_live.avatar.still import FULL, GLIMPSE, still_of
    from pechead_live.calling.dialogue import Me
    from pechead_live.calls import header_for
    from pechead_live.facemodel.model import load_face_model

    line = LINES[arguments.line]
    if avatar is None:
        return Me(arguments.called or "somebody", (), None)
    quality = arguments.quality or line.quality_px
    header = header_for(avatar.rest, load_face_model(), quality_px=quality)
    stills = still_of(avatar, GLIMPSE), still_of(avatar, FULL)
    return Me(arguments.called or avatar.name, stills, header, line.holds_ms, quality)


def _introduce(avatar: Avatar) -> None:
    height = avatar.matte.shape[0]
    print(f"you see {avatar.name} ({height} pixels); consent: {avatar.consent}", flush=True)


def _tell_rung(mine: bool, stand: "Stand") -> None:
    what = RUNG_WORDS[stand.rung].format("camera" if stand.shows == "camera" else "avatar")
    print(f"{'you send' if mine else 'you are sent'} {what}: {stand.why}", flush=True)
