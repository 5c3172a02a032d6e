"""The baseline's keypoint detector: places and local affine maps, from the picture alone (FOMM).

Unlike PECHead's E it is told nothing of the pose: what a keypoint means is left to training.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pechead_live.model.baseline.dimensions import BaselineDimensions
from pechead_live.model.estimator import mean_place, spatial_softmax
from pechead_live.model.hourglass import Hourglass
from pechead_live.model.precision import at_least_float32, without_autocast
from pechead_live.model.warp import downsample

SMALLEST_AREA = 1e-4
"""Of an inverted map's determinant: below it a keypoint's neighbourhood has collapsed."""


class Keypoints(NamedTuple):
    """Of one picture."""

    places: Tensor
    """(B, K, 2) (x, y) in [-1, 1]."""

    jacobians: Tensor
    """(B, K, 2, 2) from an abstract reference to the picture, to first order around each place."""


class KeypointDetector(nn.Module):
    """A picture to K keypoints with Jacobians; untrained, every Jacobian is the identity."""

    def __init__(self, dimensions: BaselineDimensions) -> None:
        super().__init__()
        d = dimensions
        self.hourglass = Hourglass(3, d.hourglass_width, d.hourglass_cap, d.hourglass_depth)
        self.heatmap = nn.Conv2d(d.hourglass_width + 3, d.keypoints, 7, padding=3)
        self.jacobian = nn.Conv2d(d.hourglass_width + 3, 4 * d.keypoints, 7, padding=3)
        nn.init.zeros_(self.jacobian.weight)
        self.jacobian.bias = nn.Parameter(torch.eye(2).flatten().repeat(d.keypoints))

    def forward(self, picture: Tensor) -> Keypoints:
        """(B, 3, size, size) RGB in [0, 1]."""
        small = downsample(picture)
        features = torch.cat([self.hourglass(small), small], dim=1)
        scores, maps = self.heatmap(features), self.jacobian(features)
        with without_autocast(picture):
            share = spatial_softmax(at_least_float32(scores))
            maps = at_least_float32(maps).unflatten(1, (-1, 4))
            jacobians = (share[:, :, None] * maps).sum(dim=(3, 4)).unflatten(2, (2, 2))
            return Keypoints(mean_place(share), jacobians)


def relative(driving: Keypoints, anchor: Keypoints, source: Keypoints) -> Keypoints:
    """The source's keypoints moved as the driver's moved since ``anchor`` (FOMM, relative mode)."""
    with without_autocast(driving.places):
        turned = driving.jacobians @ inverse(anchor.jacobians) @ source.jacobians
        return Keypoints(source.places + driving.places - anchor.places, turned)


def inverse(jacobians: Tensor) -> Tensor:
    """(..., 2, 2) inverted; a map that collapses an area is kept from dividing by zero."""
    a, b, c, d = jacobians.flatten(-2).unbind(dim=-1)
    area = a * d - b * c
    area = torch.where(area < 0, area.clamp(max=-SMALLEST_AREA), area.clamp(min=SMALLEST_AREA))
    return (torch.stack([d, -b, -c, a], dim=-1) / area[..., None]).unflatten(-1, (2, 2))
