"""Similarity transforms between point sets (Umeyama 1991), one pair or many at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

SMALLEST_SCALE = 1e-6
"""A target that is a single point would give scale 0, which cannot be undone."""


class Similarity(NamedTuple):
    """``y = scale * rotation @ x + translation``; leading axes are batches."""

    rotation: Array
    """(..., 3, 3), determinant +1."""

    translation: Array
    """(..., 3)."""

    scale: Array
    """(...), > 0."""

    def apply(self, points: Array) -> Array:
        """(..., N, 3) to (..., N, 3)."""
        turned = points @ np.swapaxes(self.rotation, -1, -2)
        return self.scale[..., None, None] * turned + self.translation[..., None, :]

    def undo(self, points: Array) -> Array:
        """The inverse of `apply`."""
        moved = points - self.translation[..., None, :]
        return moved @ (self.rotation / self.scale[..., None, None])


def umeyama(source: Array, target: Array, weights: Array) -> Similarity:
    """The similarity that brings ``source`` nearest to ``target`` in weighted least squares.

    ``source``, ``target``: (..., N, 3); ``weights``: (N,) or (..., N), not negative, not all 0.
    """
    w = weights / weights.sum(axis=-1, keepdims=True)
    source_mean = (w[..., None, :] @ source)[..., 0, :]
    target_mean = (w[..., None, :] @ target)[..., 0, :]
    x = source - source_mean[..., None, :]
    y = target - target_mean[..., None, :]
    weighted = w[..., None] * x
    u, d, vt = np.linalg.svd(np.swapaxes(y, -1, -2) @ weighted)
    signs = np.ones_like(d)
    signs[..., 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))  # no reflection
    rotation = (u * signs[..., None, :]) @ vt
    variance = (weighted * x).sum(axis=(-1, -2))
    scale = np.maximum((d * signs).sum(axis=-1) / variance, SMALLEST_SCALE)
    moved = (rotation @ source_mean[..., None])[..., 0]
    return Similarity(rotation, target_mean - scale[..., None] * moved, scale)
