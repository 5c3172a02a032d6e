"""Fréchet distance of two Gaussians, the arithmetic of FID, eFID and eFVD (Heusel et al. 2017).

``|m_a - m_b|^2 + tr(C_a) + tr(C_b) - 2 tr((C_a C_b)^1/2)``. With ``C = F^T F`` the eigenvalues of
``C_a C_b`` are the squared singular values of ``F_a F_b^T``, so the last trace is their plain sum:
no matrix root, exact for fewer samples than dimensions, never complex. float64 throughout.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.errors import InputError

Array = npt.NDArray[np.float64]


class Gaussian(NamedTuple):
    """Mean and covariance of features."""

    mean: Array
    """(D,)."""

    factor: Array
    """(R, D) with R <= D; the covariance is ``factor.T @ factor``."""

    samples: int
    """How many it was made from: the distance of few samples is too large, so only distances of
    equally many compare."""


def gaussian_of(features: npt.NDArray[np.floating]) -> Gaussian:
    """Of (N, D) features of N >= 2 pictures or clips; the covariance divides by N - 1.

    Raises `InputError` for fewer, or if a number is not finite.
    """
    if features.ndim != 2 or len(features) < 2:
        raise InputError(
            f"features of shape {features.shape}: a Fréchet distance needs (N, D) with at least "
            "2 pictures or clips on each side"
        )
    if not np.isfinite(features).all():
        raise InputError("the features hold NaN or infinity: leave the broken pictures out")
    rows = features.astype(np.float64)
    mean = rows.mean(axis=0)
    factor = (rows - mean) / np.sqrt(len(rows) - 1)
    if len(rows) > rows.shape[1]:  # a square factor of the same covariance is enough
        factor = np.asarray(np.linalg.qr(factor, mode="r"), np.float64)
    return Gaussian(mean, factor, len(rows))


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """Squared Fréchet distance, >= 0, in squared feature units; 0 for equal Gaussians."""
    if a.mean.shape != b.mean.shape:
        raise InputError(
            f"features of {a.mean.size} and of {b.mean.size} numbers: take both from one network"
        )
    apart = float(((a.mean - b.mean) ** 2).sum())
    spread = float((a.factor**2).sum() + (b.factor**2).sum())
    shared = float(np.linalg.svd(a.factor @ b.factor.T, compute_uv=False).sum())
    return max(0.0, apart + spread - 2 * shared)  # equal ones end a rounding error below 0
