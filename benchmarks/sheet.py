"""Portraits in the poses and expressions that go wrong first, side by side, to be looked at.

``python -m benchmarks.sheet PHOTO... -o sheet.jpg``: a row for each portrait (a photo or an
avatar), the photo first. What is asked for is set on top of the portrait's own pose and
expression, from an empty memory, so that one cell says nothing of the next.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import open_avatar
from pechead_live.avatar.photo import read_photo
from pechead_live.avatar.prepare import prepare_avatar
from pechead_live.cli.image import write_image
from pechead_live.cli.models import factory_of
from pechead_live.detector.landmarker import Landmarker
from pechead_live.frame import Pixels
from pechead_live.motion import Overrides, apply_overrides
from pechead_live.sink.label import draw_label

_SMILE = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "jawOpen": 0.15}
_TALK = {"jawOpen": 0.35, "mouthLowerDownLeft": 0.4, "mouthLowerDownRight": 0.4}
_ASIDE = {"eyeLookInRight": 0.8, "eyeLookOutLeft": 0.8}
_SHUT = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}

COLUMNS: dict[str, Overrides] = {
    "at rest": Overrides(),
    "left 20": Overrides(yaw=-20.0),
    "right 20": Overrides(yaw=20.0),
    "up 12": Overrides(pitch=12.0),
    "open": Overrides(expressions={"jawOpen": 0.8}),
    "talking": Overrides(expressions=_TALK),
    "smile": Overrides(expressions=_SMILE),
    "shut eyes": Overrides(expressions=_SHUT),
    "aside": Overrides(expressions=_ASIDE),
}
"""What is asked for, by the words above it."""

SIZE, CELL, HEAD = 256, 112, 22
"""Pixels: of what is drawn, of a cell, of the words above the first row."""


def main(words: Sequence[str] | None = None) -> None:
    """Writes the sheet."""
    parser = argparse.ArgumentParser(prog="benchmarks.sheet", description=__doc__)
    parser.add_argument("portraits", nargs="+", type=Path, metavar="PHOTO")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="PICTURE")
    parser.add_argument("--model", default="lite-s")
    parser.add_argument("--checkpoint", type=Path, metavar="PATH")
    arguments = parser.parse_args(words)
    factory = factory_of(arguments.model, arguments.checkpoint, quantised=None)
    rows = [_words()]
    with threadpool_limits(1, user_api="blas"):
        for path in arguments.portraits:
            avatar = _avatar(path)
            renderer = factory(avatar, SIZE, SIZE)
            wanted = [apply_overrides(avatar.rest, overrides) for overrides in COLUMNS.values()]
            drawn = [renderer.render(c, renderer.initial_state())[0].pixels for c in wanted]
            photo = factory_of("analytic", None)(avatar, SIZE, SIZE)
            shown = photo.render(avatar.rest, photo.initial_state())[0].pixels
            rows.append(np.hstack([_cell(pixels) for pixels in (shown, *drawn)]))
    rows[-1][:, :CELL] = draw_label(rows[-1][:, :CELL])
    write_image(np.vstack(rows), arguments.output)


def _avatar(path: Path) -> Avatar:
    if path.suffix == ".avatar":
        return open_avatar(path)
    with Landmarker(still=True) as landmarker:
        return prepare_avatar(
            read_photo(path),
            consent="a sheet for comparison",
            name=path.stem,
            landmarker=landmarker,
        )


def _cell(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.resize(pixels, (CELL, CELL), interpolation=cv2.INTER_AREA), np.uint8)


def _words() -> Pixels:
    strip = np.full((HEAD, CELL * (len(COLUMNS) + 1), 3), 255, np.uint8)
    for i, word in enumerate(("portrait", *COLUMNS)):
        place = (i * CELL + 6, HEAD - 7)
        cv2.putText(strip, word, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return strip


if __name__ == "__main__":
    main()
