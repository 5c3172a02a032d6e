"""The command line: the only place where the parts are joined, and the only one that prints.

Each command is a module here with ``add_arguments(parser)`` and ``run(arguments) -> int``; it is
imported only when it is called, so that `pechead-live --help` needs no heavy library.
"""

import argparse
import importlib
import logging
import sys

from threadpoolctl import threadpool_limits

from pechead_live.errors import PecheadError
from pechead_live.host_memory import keep_freed_memory

COMMANDS: dict[str, str] = {
    "demo": "run the live loop on a recorded motion and a bundled portrait",
    "run": "be the portrait: camera in, virtual camera, file or window out",
    "studio": "a web page that drives the avatar, opened in your browser",
    "call": "call somebody: only motion and sound travel (host, join)",
    "serve": "the same, for a browser on this machine or another",
    "animate": "move a portrait with a clip or a recorded motion, into a video file",
    "edit": "set pose and expression of a portrait, into a picture",
    "track": "record pose and expression of a clip as numbers",
    "avatar": "prepare a portrait once (new), let a network learn its person, or look at it (show)",
    "evaluate": "measure methods by the protocols of the paper's tables",
    "stream": "learn what the coefficient stream of calls rests on (learn)",
    "facemodel": "learn the face model from clips (fit)",
    "data": "make training data from videos (prepare), or look at it (show)",
    "train": "train a network on such data",
    "model": "say what the networks weigh and cost (summary)",
    "doctor": "say what works on this machine and what to do about the rest",
}
"""Command to its one line of help; the module of the same name lies in this folder."""


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole parser; with ``only`` just that command's module is imported."""
    parser = argparse.ArgumentParser(
        prog="pechead-live", description="A live avatar from a portrait."
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if only in (None, name):
            importlib.import_module(f"pechead_live.cli.{name}").add_arguments(command)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one command. Returns the exit code: 0 done, 1 found wanting, 2 could not be done."""
    argv = sys.argv[1:] if argv is None else argv
    named = next((word for word in argv if word in COMMANDS), "")
    parser = build_parser(only=named)
    arguments = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
    )
    keep_freed_memory()
    command = importlib.import_module(f"pechead_live.cli.{arguments.command}")
    try:
        # The renderer's matrices are small: BLAS threads that wait for each other on a busy machine
        # cost ten times what they save (measured: 60 ms a picture against 5).
        with threadpool_limits(1, user_api="blas"):
            return int(command.run(arguments))
    except PecheadError as error:
        print(f"pechead-live: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
