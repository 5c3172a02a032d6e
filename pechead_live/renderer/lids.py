"""Upper lids that shut: their skin where the photo shows next to none of it, and the lashes.

What a photo of an open eye shows of the lid is a thin, shadowed, often painted strip. The mesh
stretches it over the whole eye, which looks hollow; so the colour of the skin around is laid over
it, from nothing at the crease to nearly all of it at the edge. Both lids' edges meet in one line:
the lashes.
"""

from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels

BEGINS = 0.45
"""How shut a lid is when its skin begins to be laid."""

SKIN = 0.7
"""Share of the skin's colour on a shut lid, the rest is the stretched photo's."""

LASHES = 0.8
"""How plainly the lashes of a shut eye are drawn."""

LIGHTEST_LASHES = 0.5
"""Brightness of lashes that the photo does not show, of the skin's."""

_CREASE = 0.35
"""How far the crease lies above the open eye's edge, in radii of the iris."""

_THICK = 0.16
"""Thickness of the lashes, in radii of the iris."""


class Lid(NamedTuple):
    """Colours of an eye's upper lid, (3,) each."""

    skin: FloatArray
    lashes: FloatArray


def lid_of(
    pixels: Pixels, points: FloatArray, upper: tuple[int, ...], lower: tuple[int, ...]
) -> Lid:
    """The lid on the photo ``pixels`` (H, W, 3) between edges of ``points`` (478, 2)."""
    skin = lid_colour(pixels, points, upper, lower)
    return Lid(skin, lash_colour(pixels, points, upper, skin))


def lid_colour(
    pixels: Pixels, points: FloatArray, upper: tuple[int, ...], lower: tuple[int, ...]
) -> FloatArray:
    """(3,) the skin around the eye: above the upper lid and below the lower, the lighter counting
    more (the darker lies in the brow's shadow)."""
    gap = (points[list(lower), 1] - points[list(upper), 1]).mean()
    width = np.linalg.norm(points[upper[0]] - points[upper[-1]])  # of a shut eye, past its lashes
    reach = np.array([0, max(2.0, 0.9 * float(gap), 0.25 * float(width))], np.float32)
    spots = np.concatenate(
        [points[list(upper[2:7])] - reach * 0.6, points[list(lower[2:7])] + reach]
    )
    return _from_dark_to_light(pixels, spots)[-6:].mean(axis=0) * np.float32(0.92)


def lash_colour(
    pixels: Pixels, points: FloatArray, upper: tuple[int, ...], skin: FloatArray
) -> FloatArray:
    """(3,) the darkest of the upper lid's edge on the photo ``pixels``, as far as it is dark."""
    darkest = _from_dark_to_light(pixels, points[list(upper[1:-1])])[:3].mean(axis=0)
    return np.minimum(darkest, LIGHTEST_LASHES * skin)


def _from_dark_to_light(pixels: Pixels, spots: FloatArray) -> FloatArray:
    """(n, 3) the colours at ``spots`` (n, 2), those outside taken at the picture's edge."""
    last = pixels.shape[1] - 1, pixels.shape[0] - 1
    x, y = np.clip(np.round(spots), 0, last).astype(int).T
    found = pixels[y, x].astype(np.float32)
    return found[np.argsort(found.sum(axis=1))]


def shut_of(driven: FloatArray, rest: FloatArray, lower: FloatArray) -> float:
    """How far a lid has come down: 0 as on the photo, 1 on the lower lid.

    Upper edge ``driven`` and ``rest`` and the lower edge at rest, each (9, 2) pixels.
    """
    drop = (driven - rest)[1:-1, 1].mean()
    gap = (lower - rest)[1:-1, 1].mean()
    return float(np.clip(drop / max(float(gap), 1.0), 0, 1))


def draw_lid(
    region: np.ndarray,
    driven: FloatArray,
    rest: FloatArray,
    radius: float,
    shut: float,
    skin: FloatArray,
) -> None:
    """Lays ``skin`` (3,) over the lid whose edge is ``driven``, in place.

    ``region`` (h, w, 3) uint8; edges (9, 2) are its pixels; ``shut`` of `shut_of`.
    """
    share = SKIN * np.clip((shut - BEGINS) / 0.4, 0, 1)
    if share <= 0:
        return
    y, along, edge = _lattice(region, driven)
    crease = _curve(region, rest - (0, _CREASE * (radius + 1)))
    down = (y - crease) / np.maximum(edge - crease, 1)
    weight = share * np.clip(down / 0.6, 0, 1) * np.clip(edge - y + 0.5, 0, 1)
    weight *= np.clip(np.minimum(along, 1 - along) / 0.15, 0, 1)
    bulge = 0.95 + 0.05 * np.sin(np.pi * np.clip(down, 0, 1))  # the ball behind it catches light
    _lay(region, (skin * bulge[..., None]).astype(np.float32), weight)


def draw_lashes(
    region: np.ndarray, driven: FloatArray, radius: float, shut: float, colour: FloatArray
) -> None:
    """Draws lashes of ``colour`` (3,) along the edge ``driven`` of a shut lid; see `draw_lid`."""
    share = LASHES * np.clip((shut - 0.55) / 0.35, 0, 1)
    if share <= 0:
        return
    y, along, edge = _lattice(region, driven)
    taper = np.clip(np.minimum(along, 1 - along) / 0.25, 0, 1) ** 0.7
    half = (0.4 + _THICK * radius * taper) / 2
    _lay(region, colour, share * taper * np.clip(half - np.abs(y - edge) + 0.5, 0, 1))


def _lattice(region: np.ndarray, edge: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """y (h, 1) of every row; of every column, (w,): its place along ``edge``, 0 and 1 at the
    corners, and the edge's y."""
    y = np.arange(region.shape[0], dtype=np.float32)[:, None]
    left, right = float(edge[:, 0].min()), float(edge[:, 0].max())
    x = np.arange(region.shape[1], dtype=np.float32)
    return y, (x - left) / max(right - left, 1.0), _curve(region, edge)


def _curve(region: np.ndarray, points: FloatArray) -> FloatArray:
    """(w,) y of a curve through ``points`` (n, 2) at each column of ``region``."""
    order = np.argsort(points[:, 0])
    x = np.arange(region.shape[1], dtype=np.float32)
    return np.interp(x, points[order, 0], points[order, 1]).astype(np.float32)


def _lay(region: np.ndarray, colour: FloatArray, weight: FloatArray) -> None:
    region[:] = region + (colour - region) * weight[..., None] + 0.5
