"""What lies behind the face's openings: eyeballs and the mouth's inside.

They do not move with the skin. The eyeball stays in its socket and its iris follows the gaze; the
upper teeth stay with the skull, the lower ones go with the jaw. Each is painted once per portrait,
continued beyond what the photo shows, and drawn inside the driven outline of the lids or the inner
lips.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.topology import (
    CHIN,
    LEFT_IRIS,
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    LOWER_INNER_LIP,
    RIGHT_IRIS,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_LID,
    UPPER_INNER_LIP,
)
from pechead_live.frame import Pixels
from pechead_live.renderer.eyeball import Eyeball, is_shut, paint_eyeball, turned_eyeball
from pechead_live.renderer.lids import Lid, draw_lashes, draw_lid, lid_of, shut_of
from pechead_live.renderer.mouth import Mouth, opened_mouth, paint_mouth

EYES = (
    (RIGHT_UPPER_LID, RIGHT_LOWER_LID, RIGHT_IRIS),
    (LEFT_UPPER_LID, LEFT_LOWER_LID, LEFT_IRIS),
)

SMALLEST_GAP = 0.3
"""Pixels between two edges below which nothing is seen between them."""


class Opening(NamedTuple):
    """One opening of a portrait; pixel coordinates of the picture."""

    upper: tuple[int, ...]
    """Vertices of the upper edge."""

    lower: tuple[int, ...]
    """Vertices of the lower edge."""

    left: int
    """Of the region that is painted."""

    top: int
    """Of the region that is painted."""

    behind: Eyeball | Mouth
    """What lies behind, (h, w)."""

    size: tuple[int, int]
    """h and w of the region."""

    centre: int
    """Vertex that the inside follows: the iris, or the chin."""

    radius: float
    """Of the iris, pixels."""

    shade: float
    """[0, 1] how much darker the inside is at its edge."""

    lid: Lid | None
    """Of an eye."""


def find_openings(pixels: Pixels, points: FloatArray) -> list[Opening]:
    """Eyes and mouth of the portrait ``pixels`` (H, W, 3) with mesh ``points`` (478, 2), pixels."""
    # one eye that is seen tells the other's colour, too
    shut = all(is_shut(points[[*up, *low[::-1]]], _radius(points, iris)) for up, low, iris in EYES)
    eyes = [_eye(pixels, points, *eye, shut=shut) for eye in EYES]
    return [*eyes, _mouth(pixels, points)]


def draw_openings(
    face: np.ndarray, openings: list[Opening], driven: FloatArray, rest: FloatArray
) -> None:
    """Draws the openings into ``face`` in place; ``driven`` and ``rest`` are (478, 2) pixels."""
    for opening in openings:
        upper, lower = list(opening.upper), list(opening.lower)
        gap = float((driven[lower, 1] - driven[upper, 1])[1:-1].mean())
        if opening.lid is None:
            _draw_inside(face, opening, driven, rest, gap)
            continue
        height, width = opening.size
        left, top = opening.left, opening.top
        region = face[top : top + height, left : left + width, :3]
        edge, resting = driven[upper] - (left, top), rest[upper] - (left, top)
        shut = shut_of(edge, resting, rest[lower] - (left, top))
        draw_lid(region, edge, resting, opening.radius, shut, opening.lid.skin)
        _draw_inside(face, opening, driven, rest, gap)
        draw_lashes(region, edge, opening.radius, shut, opening.lid.lashes)


def _draw_inside(
    face: np.ndarray, opening: Opening, driven: FloatArray, rest: FloatArray, gap: float
) -> None:
    if gap < SMALLEST_GAP:
        return
    outline = driven[[*opening.upper, *opening.lower[::-1]]] - (opening.left, opening.top)
    height, width = opening.size
    low = np.maximum(np.floor(outline.min(axis=0)) - 3, 0).astype(int)
    high = np.minimum(np.ceil(outline.max(axis=0)) + 4, (width, height)).astype(int)
    size = high - low
    if size.min() <= 0:
        return
    alpha = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(alpha, [np.round((outline - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    share = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.6), np.float32)
    share *= min(gap, 1.5) / 1.5 / 255
    moved = driven[opening.centre] - rest[opening.centre]
    if isinstance(opening.behind, Mouth):
        inside = opened_mouth(opening.behind, moved, tuple(low), tuple(high))
    else:
        eye = turned_eyeball(opening.behind, moved)
        inside = eye[low[1] : high[1], low[0] : high[0]].astype(np.float32)
    depth = np.asarray(cv2.GaussianBlur(alpha, (0, 0), max(1.0, gap / 5)), np.float32) / 255
    # what the photo shows has its own shade; the farther from that, the more is ours
    own = float((rest[list(opening.lower), 1] - rest[list(opening.upper), 1])[1:-1].mean())
    shade = opening.shade * min(1.0, abs(gap - own) / max(0.5 * own, 1.0))
    inside *= (1 - shade * (1 - depth * depth))[..., None]
    left, top = opening.left + low[0], opening.top + low[1]
    region = face[top : top + size[1], left : left + size[0], :3]
    region[:] = region + (inside - region) * share[..., None] + 0.5


def _region(pixels: Pixels, outline: FloatArray, margin: float) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the outline's box grown by ``margin`` of its width.

    Never empty: of what lies beyond the picture, its edge is taken.
    """
    height, width = pixels.shape[:2]
    grow = margin * float(np.ptp(outline[:, 0]))
    low = np.floor(outline.min(axis=0) - grow).astype(int)
    high = np.ceil(outline.max(axis=0) + grow).astype(int) + 1
    left, top = np.clip(low, 0, (width - 1, height - 1))
    return left, top, max(left + 1, min(width, high[0])), max(top + 1, min(height, high[1]))


def _radius(points: FloatArray, iris: int) -> float:
    return float(np.linalg.norm(points[iris + 1 : iris + 5] - points[iris], axis=1).mean())


def _eye(
    pixels: Pixels,
    points: FloatArray,
    upper: tuple[int, ...],
    lower: tuple[int, ...],
    iris: int,
    *,
    shut: bool,
) -> Opening:
    outline = points[[*upper, *lower[::-1]]]
    left, top, right, bottom = _region(pixels, outline, 0.35)
    patch = pixels[top:bottom, left:right].copy()
    known = np.zeros(patch.shape[:2], np.uint8)
    local = np.round((outline - (left, top)) * 16).astype(np.int32)
    if not shut:
        cv2.fillPoly(known, [local], 255, cv2.LINE_8, 4)
    centre = points[iris] - (left, top)
    radius = _radius(points, iris)
    lid = lid_of(pixels, points, upper, lower)
    eye = paint_eyeball(patch, known, centre, radius, lid.skin)
    size = bottom - top, right - left
    return Opening(upper, lower, left, top, eye, size, iris, radius, 0.25, lid)


def _mouth(pixels: Pixels, points: FloatArray) -> Opening:
    upper, lower = UPPER_INNER_LIP, LOWER_INNER_LIP
    outline = points[[*upper, *lower[::-1]]]
    width = float(np.linalg.norm(outline[0] - points[upper[-1]]))
    left, top, right, bottom = _region(pixels, outline, 0.25)
    bottom = min(pixels.shape[0], bottom + round(0.9 * width))
    mouth = paint_mouth(pixels[top:bottom, left:right], points - (left, top))
    size = bottom - top, right - left
    return Opening(upper, lower, left, top, mouth, size, CHIN, 0.0, 0.4, None)
