"""The mouth's inside painted once per portrait: what the photo shows of it, and beyond that a plain
dark cavity with a hint of teeth."""

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.topology import LOWER_INNER_LIP, UPPER_INNER_LIP
from pechead_live.frame import Pixels

MOUTH_SHOWN = 0.04
"""Inner lips' gap over the mouth's width above which the photo shows the mouth's inside."""

TEETH_EDGE = 0.1
"""How far the upper teeth hang below the closed lips' line, in mouth widths."""

TEETH_SHARE = 0.9
"""How plainly they are painted; 1 would be as clear as the skin around."""

GUM = (168.0, 96.0, 94.0)
"""Colour above the teeth when a lip rises higher than on the photo."""

TEETH = (228.0, 213.0, 194.0)
"""Colour of the teeth in a portrait of medium brightness."""


def paint_mouth(patch: Pixels, points: FloatArray) -> Pixels:
    """(h, w, 3) what lies behind the lips of ``patch``; ``points`` (478, 2) are its pixels."""
    outline = points[[*UPPER_INNER_LIP, *LOWER_INNER_LIP[::-1]]]
    width = float(np.linalg.norm(outline[0] - points[UPPER_INNER_LIP[-1]]))
    gap = points[list(LOWER_INNER_LIP), 1] - points[list(UPPER_INNER_LIP), 1]
    shown = float(gap[1:-1].mean()) > MOUTH_SHOWN * width
    dark = _dark_inside(patch, points, width, shown)
    if not shown:
        return dark
    known = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillPoly(known, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    rim = int(0.012 * width)  # pixels that show the lips' own edge
    core = cv2.erode(known, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
    soft = np.minimum(cv2.GaussianBlur(core, (0, 0), 0.3 + 0.5 * rim), known)
    share = soft[..., None] / 255.0
    return np.clip(patch * share + dark * (1 - share) + 0.5, 0, 255).astype(np.uint8)


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
    colour = np.array(TEETH) * np.clip(brightness, 0.5, 1.1) * (1 - 0.45 * along[..., None] ** 2)
    return np.clip(cavity * (1 - share) + colour * share, 0, 255).astype(np.uint8)
