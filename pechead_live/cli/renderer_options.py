"""The options that choose what draws the portrait, how large, and on what background."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.photo import read_photo
from pechead_live.cli.models import ANALYTIC, MODELS, factory_of
from pechead_live.cli.size import size_from
from pechead_live.protocols import Renderer


def add_renderer_arguments(parser: argparse.ArgumentParser) -> None:
    """``--model``, ``--checkpoint``, ``--engine``, ``--int8``, ``--size`` and ``--background``."""
    group = parser.add_argument_group("picture")
    group.add_argument(
        "--model",
        default=ANALYTIC,
        metavar="MODEL",
        help=f"what draws the portrait: {', '.join(MODELS)} (default: %(default)s)",
    )
    group.add_argument(
        "--checkpoint",
        type=Path,
        metavar="PATH",
        help="the weights of --model: the .safetensors file of a training run, or the folder that "
        "pechead-export wrote (default: those that ship with this program, if any do)",
    )
    group.add_argument(
        "--engine",
        metavar="RUNTIME[:DEVICE]",
        help="what runs an exported --model: onnxruntime:cpu, :cuda, :coreml, :directml or "
        ":openvino, openvino:cpu or :gpu, tensorrt, or torch for a checkpoint (default: what suits "
        "the weights)",
    )
    group.add_argument(
        "--int8",
        action=argparse.BooleanOptionalAction,
        help="draw with the decode in 8 bits that 'pechead-export quantise' writes, if it is "
        "faster on this machine (default: where there is one)",
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


def renderer_from(arguments: argparse.Namespace) -> Callable[[Avatar], Renderer[Any]]:
    """What makes the renderer of `add_renderer_arguments` for an avatar; a model that there is not
    and weights that are missing are refused at once."""
    width, height = size_from(arguments.size)
    path: Path | None = arguments.background
    background = None if path is None else read_photo(path)
    factory = factory_of(
        arguments.model, arguments.checkpoint, background, arguments.engine, arguments.int8
    )
    return lambda avatar: factory(avatar, width, height)
