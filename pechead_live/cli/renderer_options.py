"""The options that choose what draws the portrait, how large, and on what background."""

import argparse
from pathlib import Path
from typing import Any

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.photo import read_photo
from pechead_live.cli.models import ANALYTIC, MODELS, factory_of
from pechead_live.cli.size import size_from
from pechead_live.protocols import Renderer


def add_renderer_arguments(parser: argparse.ArgumentParser) -> None:
    """``--model``, ``--checkpoint``, ``--size`` and ``--background``."""
    group = parser.add_argument_group("picture")
    group.add_argument(
        "--model",
        choices=MODELS,
        default=ANALYTIC,
        help="what draws the portrait (default: %(default)s); all others need --checkpoint",
    )
    group.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="the weights of --model, the .safetensors file of a training run",
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


def renderer_from(arguments: argparse.Namespace, avatar: Avatar) -> Renderer[Any]:
    """The renderer of `add_renderer_arguments` for ``avatar``."""
    width, height = size_from(arguments.size)
    path: Path | None = arguments.background
    background = None if path is None else read_photo(path)
    return factory_of(arguments.model, arguments.checkpoint, background)(avatar, width, height)
