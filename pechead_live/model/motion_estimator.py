"""Φ, the motion estimators: from pairs of points to a dense flow and an occlusion (PECHead, 3.2).

Two forms of one estimator. `PointMotion`, FOMM's and the paper's, weighs the motions of the points
themselves by learned masks. `PriorMotion` corrects a flow that geometry already knows. In both the
flow is the identity plus a displacement, so points that stay give exactly the identity flow.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.model.heatmaps import heatmaps
from pechead_live.model.hourglass import Hourglass
from pechead_live.model.initial import start_at_zero
from pechead_live.model.precision import at_least_float32, without_autocast
from pechead_live.model.warp import identity_grid, warp

CORRECTION = 0.2
"""Largest correction of a prior flow along an axis, picture coordinates: 25 px of 256."""


class Deformation(NamedTuple):
    """What Φ says, on the grid of the small picture it was given."""

    flow: Tensor
    """(B, h, w, 2) the deformation w, absolute, driving to source; float32."""

    occlusion: Tensor
    """(B, 1, h, w) o in [0, 1]: the share of the moved feature that is kept."""

    feature: Tensor
    """(B, M, h, w) f^m, the hourglass's last feature map."""


class PointPairs(NamedTuple):
    """n points on the driving frame and where each lies on the source."""

    driving: Tensor
    """(B, n, 2) picture coordinates."""

    source: Tensor
    """(B, n, 2) picture coordinates."""

    turn: Tensor
    """(B, n, 2, 2) J - I: beyond its shift, how a point's surroundings turn and grow towards the
    source; zeros move them as they are."""

    prior_flow: Tensor
    """(B, h, w, 2) F0; only `PriorMotion` looks at it."""


class PointMotion(nn.Module):
    """Φ of FOMM: masks over n + 1 motions, those of the points and the background's (none)."""

    variance: Tensor

    def __init__(self, variance: Tensor, width: int, cap: int, depth: int) -> None:
        """``variance`` (n,) of the points' Gaussians; the rest as `Hourglass` has it."""
        super().__init__()
        motions = len(variance) + 1
        inputs = 4 * motions
        self.register_buffer("variance", variance, persistent=False)
        self.hourglass = Hourglass(inputs, width, cap, depth)
        self.masks = nn.Conv2d(width + inputs, motions, 7, padding=3)
        self.occlusion = nn.Conv2d(width + inputs, 1, 7, padding=3)

    def forward(self, picture: Tensor, points: PointPairs) -> Deformation:
        """``picture`` (B, 3, h, w): the source, small."""
        batch, _, height, width = picture.shape
        grid = identity_grid(height, width, picture)
        moves = _moves(points, grid)
        motions = moves.shape[1]
        repeated = picture[:, None].expand(-1, motions, -1, -1, -1).flatten(0, 1)
        moved = warp(repeated, (grid + moves).flatten(0, 1)).unflatten(0, (batch, motions))
        heat = _heat(points, self.variance, height)
        # the background first: an empty heatmap beside the picture as it is
        candidates = torch.cat(
            [
                torch.cat([torch.zeros_like(heat[:, :1]), heat], dim=1)[:, :, None],
                torch.cat([picture[:, None], moved], dim=1).to(heat.dtype),
            ],
            dim=2,
        ).flatten(1, 2)
        feature = self.hourglass(candidates)
        seen = torch.cat([feature, candidates.to(feature.dtype)], dim=1)
        masks = self.masks(seen)
        with without_autocast(picture):
            share = functional.softmax(at_least_float32(masks), dim=1)[:, 1:, :, :, None]
            flow = grid + (share * moves).sum(dim=1)
        return Deformation(flow, torch.sigmoid(self.occlusion(seen)), feature)


class PriorMotion(nn.Module):
    """Φ where geometry is known: a bounded correction of the prior flow, zero before training.

    Points are seen as heatmaps only; their own motions are not weighed.
    """

    variance: Tensor

    def __init__(self, variance: Tensor, width: int, cap: int, depth: int) -> None:
        """As `PointMotion`'s."""
        super().__init__()
        inputs = len(variance) + 8
        self.register_buffer("variance", variance, persistent=False)
        self.hourglass = Hourglass(inputs, width, cap, depth)
        self.correction = nn.Conv2d(width + inputs, 2, 7, padding=3)
        self.occlusion = nn.Conv2d(width + inputs, 1, 7, padding=3)
        start_at_zero(self.correction)

    def forward(self, picture: Tensor, points: PointPairs) -> Deformation:
        """``picture`` (B, 3, h, w): the source, small."""
        height, width = picture.shape[-2:]
        prior = at_least_float32(points.prior_flow)
        still = identity_grid(height, width, picture)
        heat = _heat(points, self.variance, height)
        known = [heat, (prior - still).permute(0, 3, 1, 2), warp(picture, prior), picture]
        candidates = torch.cat([each.to(heat.dtype) for each in known], dim=1)
        feature = self.hourglass(candidates)
        seen = torch.cat([feature, candidates.to(feature.dtype)], dim=1)
        correction = self.correction(seen)
        with without_autocast(picture):
            bounded = CORRECTION * torch.tanh(at_least_float32(correction))
            flow = prior + bounded.permute(0, 2, 3, 1)
        return Deformation(flow, torch.sigmoid(self.occlusion(seen)), feature)


def pose_turn(source: Tensor, driving: Tensor) -> Tensor:
    """(B, 2, 2) J - I of two conditions (B, 61): how a head's picture turns and grows back.

    J = (s^s / s^d) (R^s R^dᵀ)'s upper left 2x2, OSFV's J = R with the scale added. Exactly zero
    for equal conditions.
    """
    with without_autocast(source):
        source, driving = at_least_float32(source), at_least_float32(driving)
        axes, driving_axes = _axes(source), _axes(driving)
        grow = torch.exp(source[:, 8] - driving[:, 8])[:, None, None]
        change = (axes - driving_axes)[:, :2] @ driving_axes[:, :2].transpose(1, 2)
        still = torch.eye(2, dtype=change.dtype, device=change.device)
        return grow * change + (grow - 1) * still


def _axes(condition: Tensor) -> Tensor:
    """(B, 3, 3) rotation of a condition, which holds its first two columns."""
    first, second = condition[:, 0:3], condition[:, 3:6]
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def _moves(points: PointPairs, grid: Tensor) -> Tensor:
    """(B, n, h, w, 2) where each point's motion m_i looks, less the place itself: (m_i - z)."""
    with without_autocast(grid):
        driving, source = (at_least_float32(each) for each in (points.driving, points.source))
        away = grid - driving[:, :, None, None]
        turned = (points.turn[:, :, None, None] @ away[..., None])[..., 0]
        return turned + (source - driving)[:, :, None, None]


def _heat(points: PointPairs, variance: Tensor, size: int) -> Tensor:
    """(B, n, size, size) G(driving) - G(source)."""
    return heatmaps(points.driving, variance, size) - heatmaps(points.source, variance, size)
