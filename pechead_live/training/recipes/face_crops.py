"""Crops of a face at random places, for R: picture, pose and landmarks moved alike."""

from typing import NamedTuple

import torch
from torch import Tensor

from pechead_live.facemodel.face_crop import GROWTH
from pechead_live.training.losses.equivariance import (
    SPLINE_SIDE,
    Transform,
    transform_condition,
    transform_picture,
)

SIGMA_ROLL, SIGMA_LOG_SCALE, SIGMA_PLACE = 0.15, 0.1, 0.1
"""Of the jitter: radians, log, and shares of the crop's half side. What finds the crop at run time
is no better than that."""

BESIDE = (1.6, 2.4)
"""How far a crop without a face lies beside it, in half sides."""


class FaceCrops(NamedTuple):
    """Coordinates are those of the crop, [-1, 1] from edge to edge."""

    pictures: Tensor
    """(B, 3, size, size) RGB in [0, 1]."""

    condition: Tensor
    """(B, 61) pose and expression as the crop shows them."""

    landmarks: Tensor
    """(B, N, 2)."""

    present: Tensor
    """(B,) 1 where the crop holds the face, 0 where it lies beside it."""


def place_crops(landmarks: Tensor, *, jitter: float, absent: float) -> tuple[Transform, Tensor]:
    """From crop to picture, for each of B faces with ``landmarks`` (B, N, 2), and `present` (B,).

    ``jitter`` times the deviations above; ``absent``: share of the crops beside the face.
    """
    count, device = landmarks.shape[0], landmarks.device

    def normal(*shape: int) -> Tensor:
        return jitter * torch.randn(count, *shape, device=device)

    low, high = landmarks.amin(1), landmarks.amax(1)
    half = GROWTH / 2 * (high - low).amax(-1) * torch.exp(SIGMA_LOG_SCALE * normal())
    present = (torch.rand(count, device=device) >= absent).float()
    angle = 2 * torch.pi * torch.rand(count, device=device)
    far = BESIDE[0] + (BESIDE[1] - BESIDE[0]) * torch.rand(count, device=device)
    beside = (far * (1 - present))[:, None] * torch.stack([angle.cos(), angle.sin()], -1)
    shift = (low + high) / 2 + half[:, None] * (SIGMA_PLACE * normal(2) + beside)
    still = torch.zeros(count, SPLINE_SIDE**2, device=device)
    return Transform(SIGMA_ROLL * normal(), half.log(), shift, still), present


def cut_crops(
    transform: Transform,
    present: Tensor,
    size: int,
    pictures: Tensor,
    condition: Tensor,
    landmarks: Tensor,
) -> FaceCrops:
    """The crops of ``pictures`` (B, 3, H, W) with what is known of them, in crop coordinates."""
    return FaceCrops(
        transform_picture(transform, pictures, (size, size), "border"),
        transform_condition(transform, condition),
        into_crop(transform, landmarks),
        present,
    )


def into_crop(transform: Transform, points: Tensor) -> Tensor:
    """(B, N, 2) picture coordinates to crop coordinates: the inverse of the similarity."""
    moved = points - transform.shift[:, None]
    cos, sin = transform.roll.cos()[:, None], transform.roll.sin()[:, None]
    x, y = moved.unbind(-1)
    back = torch.stack([cos * x + sin * y, cos * y - sin * x], -1)
    return back * (-transform.log_scale).exp()[:, None, None]
