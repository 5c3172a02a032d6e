"""``pechead-live avatar new``, ``avatar personalise`` and ``avatar show``."""

import argparse
from pathlib import Path

from pechead_live.avatar.file import open_avatar, save_avatar
from pechead_live.cli.personalise import add_personalise_arguments, personalise
from pechead_live.cli.source import AVATAR_SUFFIX, prepared_from
from pechead_live.coefficients import euler_from_rotation
from pechead_live.destination import check_destination


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `avatar`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="new|personalise|show")
    new = actions.add_parser("new", help="prepare a photo of a face")
    new.add_argument("source", type=Path, metavar="PHOTO")
    new.add_argument("-o", "--output", type=Path, required=True, help="such as me.avatar")
    new.add_argument("--consent", metavar="WORDS", help="who allows its use: 'my own face'")
    new.add_argument("--crop", choices=("auto", "none"), default="auto")
    new.add_argument("--name", help="what to call it (default: the photo's name)")
    new.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")
    text = "let a network learn more of its person from a clip"
    add_personalise_arguments(actions.add_parser("personalise", help=text))
    show = actions.add_parser("show", help="what a prepared avatar holds")
    show.add_argument("avatar", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Runs one of the three actions."""
    if arguments.action == "personalise":
        return personalise(arguments)
    return _new(arguments) if arguments.action == "new" else _show(arguments)


def _new(arguments: argparse.Namespace) -> int:
    output: Path = arguments.output
    check_destination(output, (AVATAR_SUFFIX,), inputs=[arguments.source])
    avatar = prepared_from(arguments)
    save_avatar(avatar, output)
    print(f"{output}: {avatar.name}, {output.stat().st_size / 1000:.0f} KB")
    print(f"try it: pechead-live run --source {output} --sink preview")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    avatar = open_avatar(arguments.avatar)
    yaw, pitch, roll = euler_from_rotation(avatar.rest.rotation)
    height, width = avatar.person.shape[:2]
    print(f"name      {avatar.name}")
    print(f"consent   {avatar.consent}")
    print(f"created   {avatar.created}")
    print(f"sha-256   {avatar.digest}")
    print(f"stage     {width} x {height} pixels, crop {height} x {height}")
    if avatar.personal is None:
        print("personal  nothing learned")
    else:
        own = avatar.personal
        print(f"personal  learned for {own.model} with weights {own.weights[:12]}")
    print(f"pose      yaw {yaw:.0f}, pitch {pitch:.0f}, roll {roll:.0f} degrees")
    return 0
