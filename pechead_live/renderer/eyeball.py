"""An eyeball painted once per portrait: what the lids cover on the photo is completed."""

from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.avatar.matte import fill
from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels

SHUT = 0.5
"""Mean height of an opening, in radii of the iris, below which it shows lashes and no eye."""

DARKEST = 0.45
"""Brightness of the white, of the skin's: what is darker between the lids is lashes."""

WHITE = 0.95
"""Brightness of a white that no photo shows, of the skin's around it."""

UNSEEN = (
    *3 * [(18.0, 14.0, 13.0)],
    *((72.0, 50.0, 37.0), (67.0, 46.0, 34.0), (60.0, 42.0, 31.0), (50.0, 35.0, 27.0)),
    *((34.0, 25.0, 21.0), (60.0, 52.0, 48.0)),
)
"""Colour by distance, as `_radial_profile`, of an iris that no photo shows: brown, as most are."""

GLINT = (-0.3, -0.35)
"""Where light is mirrored in an eye that no photo shows, in radii of the iris."""

NEAR, FAR = 0.8, 1.4
"""Shifts of the iris, in its radii, up to which the eye is stretched and from which it is laid."""


class Eyeball(NamedTuple):
    """What lies behind a pair of lids; pixel coordinates of the patch around them."""

    seen: Pixels
    """(h, w, 3) the whole eye as the photo shows it, completed beneath the lids."""

    white: Pixels
    """(h, w, 3) the same without its iris."""

    centre: FloatArray
    """(2,) of the iris."""

    radius: float
    """Of the iris."""


def paint_eyeball(
    patch: Pixels, known: np.ndarray, centre: FloatArray, radius: float, skin: FloatArray
) -> Eyeball:
    """The eyeball without lids: sclera continued smoothly, the iris completed by its symmetry.

    ``patch`` (h, w, 3) and ``known`` (h, w) 255 where it shows the eye; ``skin`` (3,) is the lids'
    colour. Of an eye that is (nearly) shut nothing is known (`is_shut`): what is there are lashes.
    """
    height, width = known.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radius = max(radius, 0.5)
    distance = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / radius
    core = cv2.erode(known, np.ones((3, 3), np.uint8))
    light = patch.max(axis=2) > DARKEST * float(skin.max())
    sclera = ((core > 0) & (distance > 1.15) & light).astype(np.uint8) * 255
    if sclera.sum() < 255 * 8:
        white = np.empty_like(patch)
        white[:] = np.clip(WHITE * (0.3 * skin + 0.7 * float(skin.max())), 90, 235)
    else:
        white = fill(patch, sclera)
    profile = _radial_profile(patch, (core > 0) & (distance <= 1.1), distance)
    eighths = np.clip(distance * 8 - 0.5, 0, 8)
    ring = np.stack([np.interp(eighths, range(9), channel) for channel in profile.T], axis=-1)
    in_iris = _disc(distance)
    painted = white * (1 - in_iris) + ring * in_iris
    if not known.any():
        across, down = x - centre[0] - GLINT[0] * radius, y - centre[1] - GLINT[1] * radius
        glint = np.exp(-(across**2 + down**2) / (0.14 * radius) ** 2)[..., None]
        painted += 0.85 * glint * (240 - painted)
    seen = np.where(known[..., None] > 0, patch, np.clip(painted + 0.5, 0, 255)).astype(np.uint8)
    return Eyeball(seen, white, np.asarray(centre, np.float32), radius)


def is_shut(outline: FloatArray, radius: float) -> bool:
    """Whether an opening with this ``outline`` (n, 2) shows lashes and no eye; ``radius`` of its
    iris; all pixels."""
    width = max(float(np.ptp(outline[:, 0])), 1.0)
    return cv2.contourArea(outline.astype(np.float32)) < SHUT * max(radius, 0.5) * width


def turned_eyeball(eye: Eyeball, shift: FloatArray) -> Pixels:
    """(h, w, 3) the eye with its iris moved by ``shift`` (2,) pixels.

    A little: the eye is stretched, so that the photo's own shades go with it. Far: that would
    leave the old iris where it was, so the iris is laid over the white.
    """
    height, width = eye.seen.shape[:2]
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    moved = eye.centre + shift
    distance = np.sqrt((x - moved[0]) ** 2 + (y - moved[1]) ** 2) / max(eye.radius, 1.0)
    far = (float(np.linalg.norm(shift)) / max(eye.radius, 1.0) - NEAR) / (FAR - NEAR)
    stretched = eye.white  # of no weight where the iris is far
    if far < 1:
        stretched = _from(eye.seen, x, y, shift, np.clip((2.6 - distance) / 1.4, 0, 1))
    if far <= 0:
        return stretched
    iris = _from(eye.seen, x, y, shift, np.ones_like(distance))
    laid = eye.white + _disc(distance) * (iris.astype(np.float32) - eye.white)
    return np.asarray(stretched + min(far, 1.0) * (laid - stretched) + 0.5, np.uint8)


def _from(
    pixels: Pixels, x: FloatArray, y: FloatArray, shift: FloatArray, share: FloatArray
) -> Pixels:
    """``pixels`` moved by ``share`` (h, w) of ``shift``; the rim goes on beyond it."""
    across, down = (
        (x - share * shift[0]).astype(np.float32),
        (y - share * shift[1]).astype(np.float32),
    )
    return np.asarray(
        cv2.remap(pixels, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _disc(distance: FloatArray) -> FloatArray:
    """(h, w, 1) the iris's share, by the distance from its centre in radii."""
    return np.clip((1.08 - distance) / 0.12, 0, 1)[..., None].astype(np.float32)


def _radial_profile(patch: Pixels, seen: np.ndarray, distance: FloatArray) -> FloatArray:
    """(9, 3) mean colour by distance from the iris's centre, in eighths of its radius."""
    rings = [seen & ((distance * 8).astype(int) == k) for k in range(9)]
    if not any(ring.sum() >= 2 for ring in rings):
        return np.array(UNSEEN, np.float32)
    profile = np.full((9, 3), 60.0, np.float32)
    for k in range(8, -1, -1):
        if rings[k].sum() >= 2:
            profile[k] = patch[rings[k]].mean(axis=0)
        elif k < 8:
            profile[k] = profile[k + 1] * 0.85
    return profile
