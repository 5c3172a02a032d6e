"""What lies behind the face's openings: eyeballs and the mouth's inside.

They do not move with the skin. The eyeball stays in its socket and its iris follows the gaze; the
teeth stay with the skull. Each is painted once per portrait, continued beyond what the photo
shows, and drawn inside the driven outline of the lids or the inner lips.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.avatar.matte import fill
from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.topology import (
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

EYES = (
    (RIGHT_UPPER_LID, RIGHT_LOWER_LID, RIGHT_IRIS),
    (LEFT_UPPER_LID, LEFT_LOWER_LID, LEFT_IRIS),
)
MOUTH_SHOWN = 0.04
"""Inner lips' gap over the mouth's width above which the photo shows the mouth's inside."""


TEETH_EDGE = 0.1
"""How far the upper teeth hang below the closed lips' line, in mouth widths."""

GUM = (168.0, 96.0, 94.0)
"""Colour above the teeth when a lip rises higher than on the photo."""

TEETH_SHARE = 0.9
"""How plainly they are painted; 1 would be as clear as the skin around."""


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

    inside: Pixels
    """(h, w, 3) what lies behind."""

    centre: int
    """Vertex that the inside follows (the iris); -1 if it stays."""

    radius: float
    """Of the iris, pixels."""

    shade: float
    """[0, 1] how much darker the inside is at its edge."""

    lid: FloatArray
    """(3,) colour of a closed lid; unused for the mouth."""


def find_openings(pixels: Pixels, points: FloatArray) -> list[Opening]:
    """Eyes and mouth of the portrait ``pixels`` (H, W, 3) with mesh ``points`` (478, 2), pixels."""
    eyes = [_eye(pixels, points, upper, lower, iris) for upper, lower, iris in EYES]
    return [*eyes, _mouth(pixels, points)]


def draw_openings(
    face: np.ndarray, openings: list[Opening], driven: FloatArray, rest: FloatArray
) -> None:
    """Draws the openings into ``face`` in place; ``driven`` and ``rest`` are (478, 2) pixels."""
    for opening in openings:
        if opening.centre >= 0:
            _draw_lid(face, opening, driven, rest)
        gap = float((driven[list(opening.lower), 1] - driven[list(opening.upper), 1])[1:-1].mean())
        if gap >= 0.3:
            _draw_inside(face, opening, driven, rest, gap)


def _draw_inside(
    face: np.ndarray, opening: Opening, driven: FloatArray, rest: FloatArray, gap: float
) -> None:
    outline = driven[[*opening.upper, *opening.lower[::-1]]] - (opening.left, opening.top)
    height, width = opening.inside.shape[:2]
    low = np.maximum(np.floor(outline.min(axis=0)) - 3, 0).astype(int)
    high = np.minimum(np.ceil(outline.max(axis=0)) + 4, (width, height)).astype(int)
    if (high <= low).any():
        return
    size = high - low
    alpha = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(alpha, [np.round((outline - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    share = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.6), np.float32)
    share *= min(gap, 1.5) / 1.5 / 255
    inside = opening.inside
    if opening.centre >= 0:
        centre = rest[opening.centre] - (opening.left, opening.top)
        shift = driven[opening.centre] - rest[opening.centre]
        inside = _shifted(inside, centre, opening.radius, shift)
    inside = inside[low[1] : high[1], low[0] : high[0]].astype(np.float32)
    depth = np.asarray(cv2.GaussianBlur(alpha, (0, 0), max(1.0, gap / 5)), np.float32) / 255
    # what the photo shows has its own shade; the farther from that, the more is ours
    own = float((rest[list(opening.lower), 1] - rest[list(opening.upper), 1])[1:-1].mean())
    shade = opening.shade * min(1.0, abs(gap - own) / max(0.5 * own, 1.0))
    inside *= (1 - shade * (1 - depth * depth))[..., None]
    left, top = opening.left + low[0], opening.top + low[1]
    region = face[top : top + size[1], left : left + size[0], :3]
    region[:] = region + (inside - region) * share[..., None] + 0.5


def _draw_lid(face: np.ndarray, opening: Opening, driven: FloatArray, rest: FloatArray) -> None:
    """Lays the lid's colour over the skin that a closing lid stretches.

    What the photo shows of the lid is a thin, shadowed strip; stretched alone it looks hollow.
    """
    upper, resting = driven[list(opening.upper)], rest[list(opening.upper)]
    drop = (upper - resting)[1:-1, 1].mean()
    gap = (rest[list(opening.lower)] - resting)[1:-1, 1].mean()
    share = np.clip(drop / max(float(gap), 1.0) - 0.25, 0, 0.6)
    if share <= 0:
        return
    height, width = opening.inside.shape[:2]
    crease = resting - (0, 0.35 * (opening.radius + 1))
    edge = upper - (0, 0.06 * (opening.radius + 1))
    local = np.concatenate([crease, edge[::-1]]) - (opening.left, opening.top)
    alpha = np.zeros((height, width), np.uint8)
    cv2.fillPoly(alpha, [np.round(local * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(alpha, (0, 0), max(0.7, 0.18 * opening.radius))
    weight = (np.minimum(soft, alpha).astype(np.float32) * (share / 255))[..., None]
    region = face[opening.top : opening.top + height, opening.left : opening.left + width, :3]
    region[:] = region + (opening.lid - region) * weight + 0.5


def _shifted(inside: Pixels, centre: FloatArray, radius: float, shift: FloatArray) -> Pixels:
    """The eyeball with its iris moved by ``shift``; the corners stay."""
    height, width = inside.shape[:2]
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    moved = centre + shift
    distance = np.sqrt((x - moved[0]) ** 2 + (y - moved[1]) ** 2) / max(radius, 1.0)
    follow = np.clip((2.6 - distance) / 1.4, 0, 1)
    map_x = (x - follow * shift[0]).astype(np.float32)
    map_y = (y - follow * shift[1]).astype(np.float32)
    moved_inside = cv2.remap(
        inside, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved_inside, np.uint8)


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


def _eye(
    pixels: Pixels, points: FloatArray, upper: tuple[int, ...], lower: tuple[int, ...], iris: int
) -> Opening:
    outline = points[[*upper, *lower[::-1]]]
    left, top, right, bottom = _region(pixels, outline, 0.35)
    patch = pixels[top:bottom, left:right].copy()
    known = np.zeros(patch.shape[:2], np.uint8)
    local = np.round((outline - (left, top)) * 16).astype(np.int32)
    cv2.fillPoly(known, [local], 255, cv2.LINE_8, 4)
    centre = points[iris] - (left, top)
    radius = float(np.linalg.norm(points[iris + 1 : iris + 5] - points[iris], axis=1).mean())
    ball = _eyeball(patch, known, centre, radius)
    lid = _lid_colour(pixels, points, upper, lower)
    return Opening(upper, lower, left, top, ball, iris, radius, 0.25, lid)


def _lid_colour(
    pixels: Pixels, points: FloatArray, upper: tuple[int, ...], lower: tuple[int, ...]
) -> FloatArray:
    """(3,) the skin around the eye: above the upper lid and below the lower, the lighter counting
    more (the darker lies in the brow's shadow)."""
    gap = (points[list(lower), 1] - points[list(upper), 1]).mean()
    reach = np.array([0, max(2.0, 0.9 * float(gap))], np.float32)
    spots = np.concatenate(
        [points[list(upper[2:7])] - reach * 0.6, points[list(lower[2:7])] + reach]
    )
    x, y = np.clip(np.round(spots), 0, (pixels.shape[1] - 1, pixels.shape[0] - 1)).astype(int).T
    colours = pixels[y, x].astype(np.float32)
    lightest = colours[np.argsort(colours.sum(axis=1))[-6:]]
    return lightest.mean(axis=0) * np.float32(0.92)


def _eyeball(patch: Pixels, known: np.ndarray, centre: FloatArray, radius: float) -> Pixels:
    """The eyeball without lids: sclera continued smoothly, the iris completed by its symmetry."""
    height, width = known.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / max(radius, 0.5)
    core = cv2.erode(known, np.ones((3, 3), np.uint8))
    white = ((core > 0) & (distance > 1.15)).astype(np.uint8) * 255
    if white.sum() < 255 * 8:  # eyes (nearly) shut: a plausible eyeball instead of lashes
        ball = np.empty_like(patch)
        ball[:] = np.clip(patch.mean(axis=(0, 1)) * 0.4 + 95, 0, 230)
    else:
        ball = fill(patch, white)
    profile = _radial_profile(patch, (core > 0) & (distance <= 1.1), distance)
    ring = profile[np.clip((distance * 8).astype(int), 0, 8)]
    in_iris = np.clip((1.08 - distance) / 0.12, 0, 1)[..., None]
    painted = ball * (1 - in_iris) + ring * in_iris
    return np.where(known[..., None] > 0, patch, np.clip(painted + 0.5, 0, 255)).astype(np.uint8)


def _radial_profile(patch: Pixels, seen: np.ndarray, distance: FloatArray) -> FloatArray:
    """(9, 3) mean colour by distance from the iris's centre, in eighths of its radius."""
    profile = np.full((9, 3), 60.0)
    profile[:3] = 15.0
    for k in range(8, -1, -1):
        ring = seen & ((distance * 8).astype(int) == k)
        if ring.sum() >= 2:
            profile[k] = patch[ring].mean(axis=0)
        elif k < 8:
            profile[k] = profile[k + 1] * 0.85
    return profile


def _mouth(pixels: Pixels, points: FloatArray) -> Opening:
    upper, lower = UPPER_INNER_LIP, LOWER_INNER_LIP
    outline = points[[*upper, *lower[::-1]]]
    width = float(np.linalg.norm(outline[0] - points[upper[-1]]))
    left, top, right, bottom = _region(pixels, outline, 0.25)
    bottom = min(pixels.shape[0], bottom + round(0.9 * width))
    patch = pixels[top:bottom, left:right]
    gap = float((points[list(lower), 1] - points[list(upper), 1])[1:-1].mean())
    shown = gap > MOUTH_SHOWN * width
    dark = _dark_inside(patch, points - (left, top), width, shown)
    if shown:
        known = np.zeros(patch.shape[:2], np.uint8)
        cv2.fillPoly(known, [np.round((outline - (left, top)) * 16).astype(np.int32)], 255, 8, 4)
        rim = int(0.012 * width)  # pixels that show the lips' own edge
        core = cv2.erode(known, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
        share = (
            np.minimum(cv2.GaussianBlur(core, (0, 0), 0.3 + 0.5 * rim), known)[..., None] / 255.0
        )
        dark = np.clip(patch * share + dark * (1 - share) + 0.5, 0, 255).astype(np.uint8)
    return Opening(upper, lower, left, top, dark, -1, 0.0, 0.3, np.zeros(3, np.float32))


def _dark_inside(patch: Pixels, points: FloatArray, width: float, shown: bool) -> Pixels:
    """A plain dark cavity, warmer towards the tongue, with a soft hint of the upper teeth.

    The teeth hang from the skull: their edge lies a little below the closed lips' line. Where the
    photo shows the mouth (``shown``) it has teeth of its own, and above them lies the gum.
    """
    height = patch.shape[0]
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(patch.shape[1], dtype=np.float32)[None, :]
    upper = points[list(UPPER_INNER_LIP)]
    centre, half = upper.mean(axis=0), 0.5 * width
    along = np.clip(np.abs(x - centre[0]) / half, 0, 1)
    line = np.interp(x[0], upper[:, 0], upper[:, 1])[None, :].astype(np.float32)
    depth = np.clip((y - line) / (0.55 * width), 0, 1)[..., None]
    brightness = np.clip(float(np.median(patch)) / 140, 0.5, 1.2)
    top, bottom = np.array([30.0, 14, 13]), np.array([96.0, 42, 41])
    cavity = (top + (bottom - top) * depth**1.5) * brightness
    edge = TEETH_EDGE * width * (1 - along**2)
    teeth = np.clip((line + edge - y) / (0.035 * width) + 0.5, 0, 1) * (1 - along**4)
    share = (TEETH_SHARE * teeth)[..., None]
    if shown:
        gum = np.clip((line - y) / (0.02 * width) + 0.5, 0, 1)[..., None]
        return np.clip(cavity + (np.array(GUM) * brightness - cavity) * gum, 0, 255).astype(
            np.uint8
        )
    colour = (
        np.array([228.0, 213, 194])
        * np.clip(brightness, 0.5, 1.1)
        * (1 - 0.45 * along[..., None] ** 2)
    )
    return np.clip(cavity * (1 - share) + colour * share, 0, 255).astype(np.uint8)
