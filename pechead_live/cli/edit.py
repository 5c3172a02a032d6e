"""``pechead-live edit``: pose and expression of a portrait set by hand, into a picture."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pechead_live.cli.image import SUFFIXES, write_image
from pechead_live.cli.motion_options import add_override_arguments, overrides_from
from pechead_live.cli.renderer_options import add_renderer_arguments, renderer_from
from pechead_live.cli.source import add_source_arguments, avatar_from
from pechead_live.coefficients import Coefficients
from pechead_live.destination import check_destination
from pechead_live.frame import Pixels
from pechead_live.motion import Overrides, apply_overrides
from pechead_live.protocols import Renderer
from pechead_live.sink.label import draw_label

YAWS = (-25.0, -12.0, 0.0, 12.0, 25.0)
"""Columns of the grid, degrees."""

ROWS: dict[str, dict[str, float]] = {
    "rest": {},
    "smile": {
        "mouthSmileLeft": 0.8,
        "mouthSmileRight": 0.8,
        "cheekSquintLeft": 0.4,
        "cheekSquintRight": 0.4,
    },
    "open": {"jawOpen": 0.5, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2},
    "pucker": {
        "mouthPucker": 0.8,
        "mouthFunnel": 0.3,
        "mouthSmileLeft": 0.0,
        "mouthSmileRight": 0.0,
    },
    "brows": {
        "browInnerUp": 0.8,
        "browOuterUpLeft": 0.7,
        "browOuterUpRight": 0.7,
        "eyeWideLeft": 0.4,
        "eyeWideRight": 0.4,
    },
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
}
"""Rows of the grid."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `edit`."""
    parser.add_argument("-o", "--output", type=Path, required=True, help="such as out.png")
    parser.add_argument("--frontalize", action="store_true", help="turn the face to the camera")
    parser.add_argument(
        "--grid", action="store_true", help="a sheet of head turns times expressions instead"
    )
    parser.add_argument("--no-label", action="store_true", help="leave out the visible 'AI' label")
    parser.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")
    add_source_arguments(parser)
    add_renderer_arguments(parser)
    add_override_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draws and writes the picture."""
    output: Path = arguments.output
    inputs = [arguments.source, arguments.background, arguments.checkpoint]
    check_destination(output, SUFFIXES, inputs=inputs)
    overrides = overrides_from(arguments)
    make_renderer = renderer_from(arguments)
    avatar = avatar_from(arguments)
    renderer = make_renderer(avatar)
    start = avatar.rest
    if arguments.frontalize:
        start = replace(start, rotation=np.eye(3, dtype=np.float32))
    start = apply_overrides(start, overrides)
    pixels = grid(renderer, start) if arguments.grid else _draw(renderer, start)
    if not arguments.no_label:
        pixels = labelled_grid(pixels) if arguments.grid else draw_label(pixels)
    write_image(pixels, output)
    print(f"{output}: {pixels.shape[1]} x {pixels.shape[0]}")
    return 0


def grid(renderer: Renderer[Any], start: Coefficients) -> Pixels:
    """Head turns times expressions as one picture, each cell at half the renderer's size."""
    rows: list[Pixels] = []
    for expressions in ROWS.values():
        cells: list[Pixels] = []
        for yaw in YAWS:
            turned = apply_overrides(start, Overrides(yaw=yaw, expressions=expressions))
            cell = _draw(renderer, turned)
            half = (cell.shape[1] // 2, cell.shape[0] // 2)
            cells.append(np.asarray(cv2.resize(cell, half, interpolation=cv2.INTER_AREA), np.uint8))
        rows.append(np.hstack(cells))
    return np.vstack(rows)


def labelled_grid(sheet: Pixels) -> Pixels:
    """The sheet of `grid` with the label in its lower left cell, in that cell's proportion."""
    result = sheet.copy()
    height, width = sheet.shape[0] // len(ROWS), sheet.shape[1] // len(YAWS)
    result[-height:, :width] = draw_label(sheet[-height:, :width])
    return result


def _draw(renderer: Renderer[Any], coefficients: Coefficients) -> Pixels:
    picture, _ = renderer.render(coefficients, renderer.initial_state())
    return picture.pixels
