"""A contact sheet: rows of pictures with a word before each."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from pechead_live.frame import Pixels

MARGIN = 26
"""Pixels above each row for its name."""


def write_sheet(rows: Mapping[str, Sequence[Pixels]], path: Path) -> None:
    """Writes ``rows``, by name, of pictures of one size."""
    strips: list[Pixels] = []
    for name, pictures in rows.items():
        strip = np.concatenate(list(pictures), axis=1)
        title = np.full((MARGIN, strip.shape[1], 3), 255, np.uint8)
        cv2.putText(title, name, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        strips += [title, strip]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(strips)).save(path)
