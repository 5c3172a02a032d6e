"""The square around a head, cut as the field cuts its clips: still, 256 x 256.

FOMM's protocol (video-preprocessing, crop_vox.py): a box of the face in every few frames; a chunk
goes on while its boxes overlap its first box; their union, grown to a square, stays where it is for
the whole chunk, so that the head moves within a still picture. Our boxes are those of MediaPipe's
mesh, which ends at the hairline, so they grow by more than FOMM's 1.2 to show the whole head.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.camera.file import open_video_file
from pechead_live.coefficients import FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import NoFaceError
from pechead_live.frame import Frame, Pixels
from pechead_live.training.data.chunk import SIDE

GROWTH = 1.55
"""Square's side over the larger side of the union of the boxes."""

RISE = 0.1
"""How far the square's centre lies above the union's, in heights of the union."""

LOOK_EVERY = 4
"""The box is measured in every fourth frame: a head moves little in 0.15 s."""

LEAST_OVERLAP = 0.25
"""IoU with the chunk's first box below which a chunk ends (crop_vox.py)."""


class Box(NamedTuple):
    """Around the face points, pixels."""

    left: float
    top: float
    right: float
    bottom: float


class Square(NamedTuple):
    """What is cut out of a picture, pixels."""

    left: int
    top: int
    side: int


class Looks(NamedTuple):
    """Where the face is in a clip."""

    boxes: dict[int, Box | None]
    """Place of a frame that was looked at to its box; None where it shows no face."""

    length: int
    """Frames of the clip."""

    width: int
    """Of the pictures, pixels."""

    height: int
    """Of the pictures, pixels."""


class Span(NamedTuple):
    """Frames ``first`` to before ``end``, in which one head stays about where it is."""

    first: int
    end: int
    square: Square


class CroppedClip(NamedTuple):
    """The frames of a clip, cropped."""

    frames: list[Frame]
    """256 x 256 each, with their presentation times."""

    side: int
    """Of the square in the file, pixels; below 256 the file holds less detail than is compared."""


def crop_clip(path: Path, limit: int | None = None) -> CroppedClip:
    """The first ``limit`` frames of a clip (None: all) in one square, wherever the head goes.

    `NoFaceError` if none shows a face.
    """
    looks = look(clip_frames(path, limit))
    boxes = [box for box in looks.boxes.values() if box is not None]
    if not boxes:
        raise NoFaceError(f"no face in any frame of {path.name}: give a clip of a face")
    square = square_around(boxes, looks.width, looks.height)
    frames = [
        Frame(pixels=cut(frame.pixels, square), captured_at=frame.captured_at)
        for frame in clip_frames(path, limit)
    ]
    return CroppedClip(frames, square.side)


def look(frames: Iterable[Frame]) -> Looks:
    """Finds the largest face in every `LOOK_EVERY`-th frame."""
    boxes: dict[int, Box | None] = {}
    length = width = height = 0
    with Landmarker(faces=1) as landmarker:
        for place, frame in enumerate(frames):
            length = place + 1
            height, width = frame.pixels.shape[:2]
            if place % LOOK_EVERY == 0:
                found = landmarker.measure(frame.pixels, frame.captured_at)
                boxes[place] = None if found is None else _box(found.points, width, height)
    return Looks(boxes, length, width, height)


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


def square_around(boxes: Sequence[Box], width: int, height: int) -> Square:
    """The union of ``boxes`` grown to a square, within a picture of ``width`` x ``height``."""
    low = np.min([(box.left, box.top) for box in boxes], axis=0)
    high = np.max([(box.right, box.bottom) for box in boxes], axis=0)
    side = int(min(GROWTH * float((high - low).max()), width, height))
    x, y = (low + high) / 2 - (0, RISE * (high[1] - low[1]))
    left = int(np.clip(x - side / 2, 0, width - side))
    top = int(np.clip(y - side / 2, 0, height - side))
    return Square(left, top, side)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, in [0, 1]."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    areas = sum((box.right - box.left) * (box.bottom - box.top) for box in (one, other))
    return shared / max(areas - shared, 1e-9)


def cut(pixels: Pixels, square: Square) -> Pixels:
    """(256, 256, 3): the square of a picture, resized."""
    left, top, side = square
    inside = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    interpolation = cv2.INTER_AREA if side >= SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(inside, (SIDE, SIDE), interpolation=interpolation), np.uint8)


def clip_frames(path: Path, limit: int | None = None) -> Iterator[Frame]:
    """The first ``limit`` frames of a video file (None: all)."""
    camera = open_video_file(path)
    try:
        count = 0
        while (limit is None or count < limit) and (frame := camera.read()) is not None:
            count += 1
            yield frame
    finally:
        camera.close()


def _box(points: FloatArray, width: int, height: int) -> Box:
    """Around (478, 3) points in picture coordinates."""
    half = (min(width, height) - 1) / 2
    centre = ((width - 1) / 2, (height - 1) / 2)
    pixels = (points[:, :2] * half + centre).astype(np.float32)
    return Box(*(float(v) for v in (*pixels.min(axis=0), *pixels.max(axis=0))))
