"""A row of teeth painted from measurements: where each tooth ends, and how bright it is.

Widths and heights are those of an average adult's crowns (Wheeler's Dental Anatomy), seen from the
front: behind the canines the arch turns away, so its teeth look narrower and lie in shadow.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray

_Floats = npt.NDArray[np.floating[Any]]


class Row(NamedTuple):
    """One side of a row, tooth by tooth from the middle; millimetres."""

    ends: tuple[float, ...]
    """Distance from the middle at which each tooth ends."""

    shorter: tuple[float, ...]
    """How far each free edge stays behind the middle incisors'."""

    crown: tuple[float, ...]
    """Height of each tooth, from its free edge to the gum."""

    bright: tuple[float, ...]
    """[0, 1] of the light that falls on the middle incisors."""


UPPER = Row(
    ends=(8.3, 14.4, 20.4, 25.0, 28.6, 32.0),
    shorter=(0.0, 0.8, 0.4, 1.6, 2.4, 3.4),
    crown=(10.0, 8.6, 9.6, 8.0, 7.2, 6.5),
    bright=(1.0, 0.97, 0.88, 0.74, 0.6, 0.45),
)

LOWER = Row(
    ends=(5.1, 10.4, 16.2, 20.8, 24.6, 28.5),
    shorter=(0.0, 0.0, -0.2, 0.8, 1.4, 2.2),
    crown=(8.8, 9.2, 10.0, 8.4, 7.4, 6.5),
    bright=(0.76, 0.76, 0.7, 0.6, 0.48, 0.36),
)

_ROUND = 0.7
"""Millimetres by which a free edge falls back at its tooth's sides."""

_ARCHED = 1.6
"""Millimetres by which the gum comes down between two teeth."""

_GAP, _GAP_SHADE = 0.4, 0.3
"""Width in millimetres and darkness of the line between two teeth."""

_CURVED = 0.12
"""How much less light falls on a tooth's sides than on its middle."""


class Teeth(NamedTuple):
    """A row as it is painted, each (h, w)."""

    shade: FloatArray
    """[0, 1] of the colour of teeth in full light."""

    tooth: FloatArray
    """[0, 1] where teeth are."""

    gum: FloatArray
    """[0, 1] where the gum above them is."""


def teeth(row: Row, x: FloatArray, y: FloatArray, pixel: float) -> Teeth:
    """``row`` at places ``x``, ``y`` (h, w) in millimetres: ``x`` from the middle of the row, ``y``
    from the middle incisors' free edge into the mouth, so that crowns lie at ``y < 0``.

    ``pixel``: millimetres of one pixel, over which every edge is softened.
    """
    away = np.abs(x)
    starts, ends = np.array((0.0, *row.ends[:-1])), np.array(row.ends)
    half = (ends - starts) / 2
    tooth = np.minimum(np.searchsorted(ends, away), len(ends) - 1)
    across = np.clip((away - (starts + half)[tooth]) / half[tooth], -1, 1)
    edge = -np.array(row.shorter)[tooth] - _ROUND * across**4
    gum_line = edge - np.array(row.crown)[tooth] + _ARCHED * across**2
    within = _soft(ends[-1] - away, pixel)
    gums = _soft(gum_line - y, pixel) * within
    visible = _soft(edge - y, pixel) * within * (1 - gums)
    shade = np.interp(away, (0, *(starts + half)), (row.bright[0], *row.bright))
    shade *= (1 - _CURVED * across**2) * (1 - _line(half[tooth] * (1 - np.abs(across)), pixel))
    return Teeth(*(part.astype(np.float32) for part in (shade, visible, gums)))


def _line(distance: _Floats, pixel: float) -> _Floats:
    """[0, 1] darkness at ``distance`` millimetres from the line between two teeth."""
    width = max(_GAP, 0.7 * pixel)
    return _GAP_SHADE * (_GAP / width) * np.exp(-((distance / width) ** 2))


def _soft(distance: _Floats, pixel: float) -> _Floats:
    """1 inside (``distance`` > 0), 0 outside, over one pixel."""
    return np.clip(distance / pixel + 0.5, 0, 1)
