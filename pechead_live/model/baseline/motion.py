"""The baseline's dense motion: keypoints' affine motions weighed place by place, at one scale."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pechead_live.model.baseline.dimensions import BaselineDimensions
from pechead_live.model.baseline.keypoints import Keypoints, inverse
from pechead_live.model.heatmaps import heatmaps
from pechead_live.model.hourglass import Hourglass
from pechead_live.model.precision import at_least_float32, without_autocast
from pechead_live.model.warp import identity_grid, warp


class DenseMotion(NamedTuple):
    """Of one driving frame, h = size / 4."""

    flow: Tensor
    """(B, h, h, 2) absolute backward flow."""

    occlusion: Tensor
    """(B, 1, h, h) in [0, 1], 1 where the source shows what is needed."""


class DenseMotionNetwork(nn.Module):
    """Source picture and both keypoint sets to flow and occlusion (FOMM, 3.2)."""

    variance: Tensor

    def __init__(self, dimensions: BaselineDimensions) -> None:
        super().__init__()
        d = dimensions
        inputs = 4 * (d.keypoints + 1)
        self.hourglass = Hourglass(inputs, d.hourglass_width, d.hourglass_cap, d.hourglass_depth)
        self.mask = nn.Conv2d(d.hourglass_width + inputs, d.keypoints + 1, 7, padding=3)
        self.occlusion = nn.Conv2d(d.hourglass_width + inputs, 1, 7, padding=3)
        variance = torch.full((d.keypoints,), d.variance)
        self.register_buffer("variance", variance, persistent=False)

    def forward(self, small: Tensor, source: Keypoints, driving: Keypoints) -> DenseMotion:
        """``small`` (B, 3, h, h) is the source at a quarter of its size."""
        size = small.shape[-1]
        motions = sparse_motions(source, driving, size)
        count = motions.shape[1]
        moved = warp(small.repeat_interleave(count, dim=0), motions.flatten(0, 1))
        near = self._near(driving, size) - self._near(source, size)
        near = torch.cat([torch.zeros_like(near[:, :1]), near], dim=1)
        inputs = torch.cat([near[:, :, None], moved.unflatten(0, (-1, count))], dim=2).flatten(1, 2)
        features = torch.cat([self.hourglass(inputs), inputs], dim=1)
        mask, occlusion = self.mask(features), self.occlusion(features)
        with without_autocast(small):
            weight = torch.softmax(at_least_float32(mask), dim=1)[..., None]
            flow = (weight * motions).sum(dim=1)
            return DenseMotion(flow, torch.sigmoid(at_least_float32(occlusion)))

    def _near(self, keypoints: Keypoints, size: int) -> Tensor:
        return heatmaps(keypoints.places, self.variance, size)


def sparse_motions(source: Keypoints, driving: Keypoints, size: int) -> Tensor:
    """(B, K + 1, size, size, 2) backward flows: no motion, then each keypoint's own.

    m_k(z) = k^s + J^s (J^d)^-1 (z - k^d), FOMM eq. 4.
    """
    with without_autocast(source.places):
        grid = identity_grid(size, size, source.places)
        turn = source.jacobians @ inverse(driving.jacobians)
        away = grid - driving.places[:, :, None, None]
        moved = torch.einsum("bkij,bkhwj->bkhwi", turn, away) + source.places[:, :, None, None]
        return torch.cat([grid.expand(len(moved), 1, -1, -1, -1), moved], dim=1)
