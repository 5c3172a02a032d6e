"""Gaussians around points, as FOMM's motion estimator has them; float32 under autocast."""

import torch
from torch import Tensor

from pechead_live.model.precision import at_least_float32, without_autocast


def profiles(points: Tensor, variance: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Gaussians along y (B, n, length) and along x (B, n, length) at ``length`` even places.

    ``points`` (B, n, 2) are (x, y) in [-1, 1], ``variance`` (n,) in the same units squared. A
    Gaussian in the plane is their product: exp is taken 2 n ``length`` times, not n ``length``².
    """
    with without_autocast(points):
        points = at_least_float32(points)
        places = torch.linspace(-1, 1, length, dtype=points.dtype, device=points.device)
        away = (places - points[..., None]) ** 2 / variance[:, None, None]
        x, y = torch.exp(-0.5 * away).unbind(dim=2)
        return y, x


def heatmaps(points: Tensor, variance: Tensor, size: int) -> Tensor:
    """(B, n, size, size) of exp(-|z - p|² / 2σ²): 1 at the point; arguments as `profiles`."""
    with without_autocast(points):
        y, x = profiles(points, variance, size)
        return y[..., :, None] * x[..., None, :]
