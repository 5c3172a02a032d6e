"""`pechead-export`: the command line of this package.

Each command is a module here with ``add_arguments(parser)`` and ``run(arguments) -> int``; it is
imported only when it is called.
"""

import argparse
import importlib
import logging
import sys

from pechead_live.errors import PecheadError

COMMANDS: dict[str, str] = {
    "onnx": "write a trained network as ONNX files, which run without torch",
    "parity": "compare what exported networks draw with what torch draws",
    "tensorrt": "build TensorRT engines out of ONNX files, for GPUs that need not be here",
    "quantise": "write the decode of an exported lite network in 8 bits, and say what it is worth",
}
"""Command to its one line of help; the module of the same name lies in this folder."""


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole parser; with ``only`` just that command's module is imported."""
    parser = argparse.ArgumentParser(
        prog="pechead-export",
        description="Turns a trained network into files that the live path runs without torch.",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if only in (None, name):
            importlib.import_module(f"export.cli.{name}").add_arguments(command)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one command. Returns the exit code: 0 done, 1 found wanting, 2 could not be done."""
    argv = sys.argv[1:] if argv is None else argv
    named = next((word for word in argv if word in COMMANDS), "")
    arguments = build_parser(only=named).parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
    )
    command = importlib.import_module(f"export.cli.{arguments.command}")
    try:
        return int(command.run(arguments))
    except PecheadError as error:
        print(f"pechead-export: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
