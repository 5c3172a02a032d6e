"""The mouth's inside: upper teeth that stay with the skull, lower teeth and tongue that go down
with the jaw, a dark cavity behind them. It is painted once per portrait; what the photo shows of it
is kept.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.topology import (
    LEFT_IRIS,
    LOWER_INNER_LIP,
    RIGHT_IRIS,
    UPPER_INNER_LIP,
)
from pechead_live.frame import Pixels
from pechead_live.renderer.teeth import LOWER, UPPER, Teeth, teeth

MOUTH_SHOWN = 0.04
"""Inner lips' gap over the mouth's width above which the photo shows the mouth's inside."""

IRIS_DISTANCE = 63.0
"""Millimetres between the irises of an adult, the ruler of a face (Dodgson 2004)."""

UPPER_EDGE = 2.0
"""Millimetres by which the upper incisors reach below the line of closed lips."""

OVERLAP = 0.5
"""Millimetres by which they cover the lower ones while the jaw rests."""

LOWERED = 1.25
"""How far the lower teeth go down, of the skin of the chin, which slides over the bone."""

SKIN = (168.0, 104.0, 82.0)
"""Median colour around the mouth, of 34 people: where the light is such, the colours below hold."""

TINT = 0.65
"""How much of another skin's colour is the light's, which colours the mouth's inside, too."""

TEETH = (202.0, 162.0, 143.0)
GUM = (150.0, 74.0, 62.0)
TONGUE = (144.0, 72.0, 62.0)
CAVITY = (56.0, 22.0, 15.0)
"""Levels in that light; the photo's own teeth, where it shows any, take the place of `TEETH`."""

BRIGHTER = 75
"""Percentile of what a photo shows between the lips that is teeth in full light."""

IN_SHADOW = (1.0, 1.2, 1.25)
"""Exponents of a tooth's shade: what light is left comes from gums and lips."""


Corner = tuple[int, int]
"""x and y, whole pixels."""


class Mouth(NamedTuple):
    """What is behind the lips of one patch.

    Layers are (h, w, 4): colour (0 to 255) times share, and the share in [0, 1].
    """

    cavity: FloatArray
    """(3,) colour behind all."""

    jaw: FloatArray
    """Layer of lower teeth and tongue, as they are while the jaw rests."""

    skull: FloatArray
    """Layer of upper teeth and gum, and of what the photo shows."""


def paint_mouth(patch: Pixels, points: FloatArray) -> Mouth:
    """The mouth behind the lips of ``patch`` (h, w, 3); ``points`` (478, 2) are its pixels."""
    outline = points[[*UPPER_INNER_LIP, *LOWER_INNER_LIP[::-1]]]
    width = float(np.linalg.norm(outline[0] - points[UPPER_INNER_LIP[-1]]))
    gap = points[list(LOWER_INNER_LIP), 1] - points[list(UPPER_INNER_LIP), 1]
    shown = float(gap[1:-1].mean()) > MOUTH_SHOWN * width
    place = _place(patch.shape[0], patch.shape[1], points)
    light = np.clip(np.median(patch, axis=(0, 1)) / SKIN, 0.3, 2.0) ** TINT
    white = np.array(TEETH) * light
    cavity = (np.array(CAVITY) * light).astype(np.float32)
    if not shown:
        jaw = _jaw(place, light, white, UPPER_EDGE - OVERLAP)
        return Mouth(cavity, jaw, _skull(place, light, white))
    known = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillPoly(known, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    rim = int(0.012 * width)  # pixels that show the lips' own edge
    core = cv2.erode(known, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
    seen = np.minimum(cv2.GaussianBlur(core, (0, 0), 0.3 + 0.5 * rim), known)
    gum = _layer(np.array(GUM) * light, np.clip(0.5 - place.y / place.pixel / 2, 0, 1))
    skull = _over(gum, _layer(patch, seen / 255))
    if core.any():
        white = np.percentile(patch[core > 0], BRIGHTER, axis=0)
    return Mouth(cavity, _jaw(place, light, white, float(gap.max()) * place.pixel), skull)


def opened_mouth(mouth: Mouth, moved: FloatArray, low: Corner, high: Corner) -> FloatArray:
    """(h, w, 3) of the patch from pixel ``low`` (x, y) to before ``high``, while the chin is
    ``moved`` (2,) pixels from where it rests."""
    move = np.array([[1, 0, moved[0] - low[0]], [0, 1, LOWERED * moved[1] - low[1]]], np.float32)
    size = high[0] - low[0], high[1] - low[1]
    jaw = np.asarray(cv2.warpAffine(mouth.jaw, move, size), np.float32)
    skull = mouth.skull[low[1] : high[1], low[0] : high[0]]
    jaw[..., :3] += mouth.cavity * (1 - jaw[..., 3:])
    return (skull[..., :3] + jaw[..., :3] * (1 - skull[..., 3:])).astype(np.float32)


class _Place(NamedTuple):
    """Where a patch's pixels are in the mouth; (h, w) millimetres."""

    x: FloatArray
    """From the middle of the mouth."""

    y: FloatArray
    """Below the line of the upper lip."""

    pixel: float
    """Millimetres of a pixel."""


def _place(height: int, width: int, points: FloatArray) -> _Place:
    """The line through the mouth's corners is across; the lip's middle is the middle."""
    irises = float(np.linalg.norm(points[LEFT_IRIS] - points[RIGHT_IRIS]))
    upper = points[list(UPPER_INNER_LIP)]
    along = upper[-1] - upper[0]
    along = along / max(float(np.linalg.norm(along)), 1e-3)
    pixel = IRIS_DISTANCE / max(irises, 8.0)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    middle = upper[len(upper) // 2]
    right, down = columns - middle[0], rows - middle[1]
    x = right * along[0] + down * along[1]
    line = (upper - middle) @ along, (upper - middle) @ (-along[1], along[0])
    y = down * along[0] - right * along[1] - np.interp(x, *line)
    return _Place(x * pixel, y * pixel, pixel)


def _skull(place: _Place, light: np.ndarray, colour: np.ndarray) -> FloatArray:
    row = teeth(UPPER, place.x, place.y - UPPER_EDGE, place.pixel)
    return _over(_layer(np.array(GUM) * light, row.gum), _teeth(row, colour))


def _jaw(place: _Place, light: np.ndarray, colour: np.ndarray, edge: float) -> FloatArray:
    """Lower teeth, whose free edge is ``edge`` millimetres below the upper lip, before the tongue's
    back."""
    below = place.y - edge
    row = teeth(LOWER, place.x, -below, place.pixel)
    mound = 1.3 - (place.x / 19) ** 2 - ((below - 6) / 13) ** 2
    lit = 0.6 + 0.4 * np.clip((below + 6) / 10, 0, 1)[..., None]
    tongue = _layer(np.array(TONGUE) * light * lit, np.clip(2 * mound, 0, 1))
    gum = _layer(np.array(GUM) * light * 0.8, row.gum)
    return _over(_over(tongue, gum), _teeth(row, colour))


def _teeth(row: Teeth, colour: np.ndarray) -> FloatArray:
    return _layer(colour * row.shade[..., None] ** IN_SHADOW, row.tooth)


def _layer(colour: np.ndarray, share: np.ndarray) -> FloatArray:
    """(h, w, 4) of ``colour`` (3,) or (h, w, 3) and ``share`` (h, w)."""
    layer = np.empty((*share.shape, 4), np.float32)
    layer[..., :3], layer[..., 3] = np.clip(colour, 0, 255) * share[..., None], share
    return layer


def _over(below: FloatArray, above: FloatArray) -> FloatArray:
    return (above + below * (1 - above[..., 3:])).astype(np.float32)
