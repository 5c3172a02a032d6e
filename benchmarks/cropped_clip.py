"""A clip cut as the field cuts its test clips: one square around the head, still, 256 x 256.

FOMM's protocol (video-preprocessing, crop_vox.py): a box of the face in every frame, their union
over the clip, grown to a square that stays where it is, so that the head moves within a still
picture. Our boxes are those of MediaPipe's mesh, which ends at the hairline, so they grow by more
than FOMM's 1.2 to show the whole head.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.camera.file import open_video_file
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import NoFaceError
from pechead_live.evaluation.regions import to_pixels
from pechead_live.frame import Frame, Pixels

SIDE = 256
"""Of the cropped picture, pixels: the size of every published number."""

GROWTH = 1.55
"""Square's side over the larger side of the union of the boxes."""

RISE = 0.1
"""How far the square's centre lies above the union's, in heights of the union."""

LOOK_EVERY = 4
"""The box is measured in every fourth frame: a head moves little in 0.15 s."""


class CroppedClip(NamedTuple):
    """The frames of a clip, cropped."""

    frames: list[Frame]
    """256 x 256 each, with their presentation times."""

    side: int
    """Of the square in the file, pixels; below 256 the file holds less detail than is compared."""


def crop_clip(path: Path, limit: int | None = None) -> CroppedClip:
    """The first ``limit`` frames of a clip (None: all). `NoFaceError` if none shows a face."""
    left, top, side = _square(path, limit)
    frames = [
        Frame(
            pixels=_resized(frame.pixels[top : top + side, left : left + side]),
            captured_at=frame.captured_at,
        )
        for frame in _frames(path, limit)
    ]
    return CroppedClip(frames, side)


def _square(path: Path, limit: int | None) -> tuple[int, int, int]:
    """left, top and side of the crop, pixels, within the picture."""
    landmarker = Landmarker(faces=1)
    lows: list[np.ndarray] = []
    highs: list[np.ndarray] = []
    width = height = 0
    for number, frame in enumerate(_frames(path, limit)):
        height, width = frame.pixels.shape[:2]
        if number % LOOK_EVERY:
            continue
        measurement = landmarker.measure(frame.pixels, frame.captured_at)
        if measurement is not None:
            points = to_pixels(measurement.points, width, height)
            lows.append(points.min(axis=0))
            highs.append(points.max(axis=0))
    landmarker.close()
    if not lows:
        raise NoFaceError(f"no face in any frame of {path.name}: give a clip of a face")
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    side = int(min(GROWTH * float((high - low).max()), width, height))
    x, y = (low + high) / 2 - (0, RISE * (high[1] - low[1]))
    left = int(np.clip(x - side / 2, 0, width - side))
    top = int(np.clip(y - side / 2, 0, height - side))
    return left, top, side


def _frames(path: Path, limit: int | None) -> Iterator[Frame]:
    camera = open_video_file(path)
    try:
        count = 0
        while (limit is None or count < limit) and (frame := camera.read()) is not None:
            count += 1
            yield frame
    finally:
        camera.close()


def _resized(pixels: Pixels) -> Pixels:
    interpolation = cv2.INTER_AREA if pixels.shape[0] >= SIDE else cv2.INTER_CUBIC
    scaled = cv2.resize(np.ascontiguousarray(pixels), (SIDE, SIDE), interpolation=interpolation)
    return np.asarray(scaled, np.uint8)
