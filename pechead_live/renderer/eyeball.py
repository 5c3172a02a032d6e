"""An eyeball painted once per portrait: what the lids cover on the photo is completed."""

import cv2
import numpy as np

from pechead_live.avatar.matte import fill
from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels


def paint_eyeball(patch: Pixels, known: np.ndarray, centre: FloatArray, radius: float) -> Pixels:
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


def lid_colour(
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
