"""Finding a face that is small on its photo.

MediaPipe's detector sees the whole picture at 128 x 128 and misses faces smaller than about a
seventh of its side (measured: 108 px are found on 768, not on 1024). So where the whole shows no
face, overlapping squares of it are searched, ever smaller ones.
"""

from collections.abc import Iterator

import numpy as np

from pechead_live.detector.landmarker import Landmarker
from pechead_live.facemodel.measurement import Measurement, face_size
from pechead_live.frame import Pixels

SHARES = (0.6, 0.3)
"""Squares searched, as shares of the photo's shorter side."""

SMALLEST_SQUARE = 128
"""Pixels; a face found in a smaller one could not be used."""


def search_face(photo: Pixels, landmarker: Landmarker) -> Measurement | None:
    """The largest face of ``photo`` (H, W, 3), in its picture coordinates; None if there is none.

    ``faces`` of the result counts those of the search that found it. ``landmarker`` must search
    stills.
    """
    found = landmarker.measure(photo)
    if found is not None:
        return found
    height, width = photo.shape[:2]
    for share in SHARES:
        side = round(share * min(height, width))
        if side < SMALLEST_SQUARE:
            return None
        seen: list[Measurement] = []
        for left, top in squares(width, height, side):
            square = np.ascontiguousarray(photo[top : top + side, left : left + side])
            measured = landmarker.measure(square)
            if measured is not None:
                seen.append(_on_photo(measured, photo, left, top, side))
        if seen:
            largest = max(seen, key=lambda m: face_size(m.points))
            return largest._replace(faces=len(_distinct(seen)))
    return None


def squares(width: int, height: int, side: int) -> Iterator[tuple[int, int]]:
    """Left and top of squares that overlap by half at least and cover the picture."""
    for top in _starts(height, side):
        for left in _starts(width, side):
            yield left, top


def _starts(length: int, side: int) -> list[int]:
    count = max(1, -(-2 * (length - side) // side) + 1)
    return [round(i * (length - side) / max(1, count - 1)) for i in range(count)]


def _on_photo(measured: Measurement, photo: Pixels, left: int, top: int, side: int) -> Measurement:
    """The measurement of a square in the photo's picture coordinates."""
    height, width = photo.shape[:2]
    half = (min(width, height) - 1) / 2
    points = measured.points * ((side - 1) / 2)
    points[:, 0] += left + (side - 1) / 2 - (width - 1) / 2
    points[:, 1] += top + (side - 1) / 2 - (height - 1) / 2
    return measured._replace(points=(points / half).astype(np.float32))


def _distinct(seen: list[Measurement]) -> list[Measurement]:
    """One of each face: squares overlap, and show some faces twice."""
    kept: list[Measurement] = []
    for one in seen:
        centre, size = one.points[:, :2].mean(axis=0), face_size(one.points)
        others = (np.linalg.norm(centre - k.points[:, :2].mean(axis=0)) for k in kept)
        if all(distance > size / 2 for distance in others):
            kept.append(one)
    return kept
