"""Similarity transforms between point sets (Umeyama 1991), one pair or many at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]


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
        turned = np.einsum("...ij,...nj->...ni", self.rotation, points)
        return self.scale[..., None, None] * turned + self.translation[..., None, :]

    def undo(self, points: Array) -> Array:
        """The inverse of `apply`."""
        moved = (points - self.translation[..., None, :]) / self.scale[..., None, None]
        return np.einsum("...ji,...nj->...ni", self.rotation, moved)


def umeyama(source: Array, target: Array, weights: Array) -> Similarity:
    """The similarity that brings ``source`` nearest to ``target`` in weighted least squares.

    ``source``, ``target``: (..., N, 3); ``weights``: (N,) or (..., N), not negative.
    """
    w = (weights / weights.sum(axis=-1, keepdims=True))[..., None]
    source_mean = (w * source).sum(axis=-2)
    target_mean = (w * target).sum(axis=-2)
    x = source - source_mean[..., None, :]
    y = target - target_mean[..., None, :]
    covariance = np.einsum("...ni,...nj->...ij", w * y, x)
    u, d, vt = np.linalg.svd(covariance)
    sign = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    d = d * np.stack([np.ones_like(sign), np.ones_like(sign), sign], axis=-1)
    u = u * np.stack([np.ones_like(sign), np.ones_like(sign), sign], axis=-1)[..., None, :]
    rotation = u @ vt
    variance = (w * x * x).sum(axis=(-1, -2))
    scale = d.sum(axis=-1) / variance
    translation = target_mean - scale[..., None] * np.einsum("...ij,...j->...i", rotation, source_mean)
    return Similarity(rotation, translation, scale)
