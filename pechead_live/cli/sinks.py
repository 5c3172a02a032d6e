"""The option that names sinks, and the sinks it gives."""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pechead_live.destination import check_destination
from pechead_live.errors import InputError
from pechead_live.protocols import Sink
from pechead_live.sink.open import FILE, open_sink


def add_sink_argument(parser: argparse.ArgumentParser) -> None:
    """``--sink``."""
    parser.add_argument(
        "--sink",
        action="append",
        dest="sinks",
        metavar="SINK",
        help="virtualcam (the default), file:OUT.mp4, preview or null; may be repeated",
    )


def sinks_named(arguments: argparse.Namespace, *, inputs: Sequence[Path | None]) -> list[str]:
    """What `add_sink_argument` was given; none may be named twice or replace one of ``inputs``."""
    specs: list[str] = arguments.sinks or ["virtualcam"]
    if len(set(specs)) < len(specs):
        raise InputError(f"a sink is named twice in {', '.join(specs)}: name each once")
    for spec in specs:
        if spec.startswith(FILE):
            check_destination(Path(spec.removeprefix(FILE)).expanduser(), inputs=inputs)
    return specs


def open_sinks(
    specs: Sequence[str], width: int, height: int, fps: float, stack: ExitStack
) -> dict[str, Sink]:
    """The sinks by name, a file's without its folder; ``stack`` closes them, and the window."""
    sinks: dict[str, Sink] = {}
    for spec in specs:
        sink = open_sink(spec, width, height, fps)
        stack.callback(sink.close)
        file = Path(spec.removeprefix(FILE)).name
        sinks[spec if spec == file or file in sinks else file] = sink
    if "preview" in sinks:
        preview: Any = sinks["preview"]
        stack.callback(preview.destroy)
    return sinks
