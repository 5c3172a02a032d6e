"""Where a clip is cut into chunks: while a head stays about where it is, in one square.

FOMM's protocol (video-preprocessing, crop_vox.py): a chunk goes on while its boxes overlap its
first box; its square stays where it is for the whole chunk.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from pechead_live.footage.looks import Looks
from pechead_live.footage.square import Box, Square, square_around

LEAST_OVERLAP = 0.25
"""IoU with the chunk's first box below which a chunk ends (crop_vox.py)."""


class Span(NamedTuple):
    """Frames ``first`` to before ``end``, in which one head stays about where it is."""

    first: int
    end: int
    square: Square


def spans(looks: Looks, longest: int) -> list[Span]:
    """The chunks of a clip, at most ``longest`` frames each; none where no face was seen."""
    runs: list[tuple[dict[int, Box], int]] = []
    run: dict[int, Box] = {}
    for place, box in sorted(looks.boxes.items()):
        if run and (box is None or overlap(next(iter(run.values())), box) < LEAST_OVERLAP):
            runs.append((run, place))
            run = {}
        if box is not None:
            run[place] = box
    if run:
        runs.append((run, looks.length))
    return [
        Span(first, end, square_around(boxes, looks.width, looks.height))
        for run, stop in runs
        for first, end, boxes in _pieces(run, stop, longest)
    ]


def _pieces(run: dict[int, Box], stop: int, longest: int) -> Iterator[tuple[int, int, list[Box]]]:
    """(first, end, boxes) of the pieces of about the same length that a run is split into."""
    start = min(run)
    length = math.ceil((stop - start) / math.ceil((stop - start) / longest))
    for first in range(start, stop, length):
        end = min(first + length, stop)
        within = [box for place, box in run.items() if first <= place < end]
        yield first, end, within or [run[max(place for place in run if place < first)]]


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, in [0, 1]."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    areas = sum((box.right - box.left) * (box.bottom - box.top) for box in (one, other))
    return shared / max(areas - shared, 1e-9)
