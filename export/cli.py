"""`pechead-export`: the command line of this package. There is no trained network to export yet."""

import argparse
import sys
from pathlib import Path


def build_parser() -> argparse.ArgumentParser:
    """The parser of `pechead-export`."""
    parser = argparse.ArgumentParser(
        prog="pechead-export",
        description="Turns a trained network into the ONNX files that the live path runs "
        "without torch, and checks that they draw the same pictures. This version has no network "
        "to train yet, so there is nothing to export: the analytic renderer needs no files.",
    )
    parser.add_argument("checkpoint", nargs="?", type=Path, help="the trained network, a file")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs the command. Returns the exit code: 2, until there is something to export."""
    checkpoint: Path | None = build_parser().parse_args(argv).checkpoint
    given = "no trained network was given" if checkpoint is None else f"{checkpoint} is unknown"
    print(
        f"pechead-export: {given}, and this version cannot export one yet: "
        "use the analytic renderer, which needs no exported file",
        file=sys.stderr,
    )
    return 2
