"""Drift of a looped film: is it, minutes later, what it was.

A film of looped motion should show the same picture whenever the loop is at the same place, its
*phase*. What two loops of one minute differ by is noise; what early and late loops differ by beyond
that is drift. Loops are given as sequences of what was kept at the same phases.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, product
from typing import TypeVar

import cv2
import numpy as np

from pechead_live.errors import InputError
from pechead_live.frame import Pixels, check_pixels

Kept = TypeVar("Kept")
"""What was kept at a phase: a picture, or the landmarks in it."""


def change_between(
    first: Sequence[Sequence[Kept]],
    last: Sequence[Sequence[Kept]],
    distance: Callable[[Kept, Kept], float],
) -> float:
    """Mean ``distance`` at equal phase over all pairs of a loop of ``first`` and one of ``last``.

    A distance that is not finite (no face) is left out; NaN when none is left.
    """
    return _mean_distance(product(first, last), distance)


def change_within(
    loops: Sequence[Sequence[Kept]], distance: Callable[[Kept, Kept], float]
) -> float:
    """As `change_between`, over all pairs of different loops: the noise. Needs two loops."""
    if len(loops) < 2:
        raise InputError(f"{len(loops)} loops: what loops differ by needs at least two")
    return _mean_distance(combinations(loops, 2), distance)


def level_distance(a: Pixels, b: Pixels) -> float:
    """Mean absolute difference of two (H, W, 3) pictures over pixels and channels, [0, 255]."""
    check_pixels(a)
    check_pixels(b)
    if a.shape != b.shape:
        raise InputError(f"pictures of {a.shape} and {b.shape}: give two of one film")
    return 0.0 if a is b else float(cv2.absdiff(a, b).mean())


def sharpness(pixels: Pixels) -> float:
    """Variance of the Laplacian of the grey picture, levels^2 (Pech-Pacheco et al. 2000)."""
    check_pixels(pixels)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def sharpness_ratio(first: Sequence[Pixels], last: Sequence[Pixels]) -> float:
    """Mean `sharpness` of ``last`` over that of ``first``; NaN when the first is flat."""
    before, after = (float(np.mean([sharpness(one) for one in some])) for some in (first, last))
    return after / before if before > 0 else float("nan")


def colour_change(first: Sequence[Pixels], last: Sequence[Pixels]) -> float:
    """Absolute change of the mean colour of ``first`` to that of ``last``, mean over the three
    channels, [0, 255]."""
    before, after = (
        np.mean([one.mean(axis=(0, 1), dtype=np.float64) for one in some], axis=0)
        for some in (first, last)
    )
    return float(np.abs(after - before).mean())


def _mean_distance(
    pairs: Iterable[tuple[Sequence[Kept], Sequence[Kept]]],
    distance: Callable[[Kept, Kept], float],
) -> float:
    found = [distance(a, b) for one, other in pairs for a, b in zip(one, other, strict=True)]
    finite = [value for value in found if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")
