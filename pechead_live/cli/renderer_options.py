"""The options that choose what draws the portrait, how large, and on what background."""

import argparse
from pathlib import Path

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.photo import read_photo
from pechead_live.cli.size import size_from
from pechead_live.renderer.analytic import AnalyticRenderer


def add_renderer_arguments(parser: argparse.ArgumentParser) -> None:
    """``--model``, ``--size`` and ``--background``."""
    group = parser.add_argument_group("picture")
    group.add_argument(
        "--model",
        choices=("analytic",),
        default="analytic",
        help="what draws the portrait (default: %(default)s)",
    )
    group.add_argument(
        "--size", default="512", metavar="N|WxH", help="such as 256 or 1280x720 (default: 512)"
    )
    group.add_argument(
        "--background",
        type=Path,
        metavar="PICTURE",
        help="in place of the portrait's own background",
    )


def renderer_from(arguments: argparse.Namespace, avatar: Avatar) -> AnalyticRenderer:
    """The renderer of `add_renderer_arguments` for ``avatar``."""
    width, height = size_from(arguments.size)
    path: Path | None = arguments.background
    background = None if path is None else read_photo(path)
    assert arguments.model == "analytic"
    return AnalyticRenderer(avatar, width, height, background=background)
