"""A picture sheet: rows of pictures with a word above each. It shows real people."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from pechead_live.destination import make_folder
from pechead_live.frame import Pixels
from pechead_live.whole_file import write_whole

MARGIN = 26
"""Pixels above each row for its name."""

COLUMNS = 6
"""Frames of a film on its sheet, the source not counted."""

QUALITY = 90
"""Of the JPEG."""


def columns_of(count: int) -> list[int]:
    """Numbers of the frames that a sheet shows of a film of ``count``, evenly spread."""
    return np.linspace(0, count - 1, COLUMNS).round().astype(int).tolist()


def write_sheet(rows: Mapping[str, Sequence[Pixels]], path: Path, *, side: int) -> None:
    """Writes ``rows`` of square pictures by name, each picture ``side`` pixels wide; a shorter row
    ends in white."""
    width = side * max(len(pictures) for pictures in rows.values())
    strips: list[Pixels] = []
    for name, pictures in rows.items():
        strip = np.full((MARGIN + side, width, 3), 255, np.uint8)
        cv2.putText(strip, name, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        for i, pixels in enumerate(pictures):
            cell = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
            strip[MARGIN:, i * side : (i + 1) * side] = cell
        strips.append(strip)
    sheet = np.concatenate(strips)
    ok, data = cv2.imencode(path.suffix, sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert ok
    make_folder(path.parent)
    write_whole(path, data.tobytes())
