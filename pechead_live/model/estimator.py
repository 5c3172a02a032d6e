"""E, the Head Pose-Aware Keypoint Estimator: K learned keypoints from a picture and a pose.

PECHead eq. 2, k = E(x^s, p, e): the same source picture gives the source's keypoints under its own
condition and the driving ones under the driver's. Four AdaIN ResBlocks down and four up, as the
paper says; their widths, the mapping network and the soft-argmax (FOMM's, temperature 0.1) are our
reading.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.facemodel.condition import CONDITION_MEAN, CONDITION_SIZE, CONDITION_STD
from pechead_live.model.adain import AdaResBlock
from pechead_live.model.precision import at_least_float32, without_autocast

CODE_SIZE = 256
"""Length of z, what the mapping network makes of the condition."""

TEMPERATURE = 0.1
"""Of the softmax over a keypoint's heatmap (FOMM)."""

DEEPEST = 4
"""ResBlocks down, and as many up (PECHead, 4)."""


class Estimator(nn.Module):
    """E. It always runs in float32: instance normalisation over 4x4 maps is fragile in float16."""

    condition_mean: Tensor
    condition_std: Tensor

    def __init__(
        self, width: int, cap: int, keypoints: int, condition: int, size: int = 64
    ) -> None:
        """``size`` of its pictures, >= 8: the smallest maps are 4x4 or what four halvings leave.

        ``width`` channels at full size, doubled by each halving up to ``cap``.
        """
        super().__init__()
        depth = min(DEEPEST, int(math.log2(size)) - 2)
        if depth < 1:
            raise ValueError(f"the estimator needs pictures of at least 8 pixels, not {size}")
        channels = [min(cap, width * 2**i) for i in range(depth + 1)]
        self.mapping = nn.Sequential(
            *(
                layer
                for inputs in (condition, CODE_SIZE, CODE_SIZE)
                for layer in (nn.Linear(inputs, CODE_SIZE), nn.LeakyReLU(0.1))
            )
        )
        self.first = nn.Conv2d(3, width, 7, padding=3)
        self.down = nn.ModuleList(
            AdaResBlock(fine, coarse, CODE_SIZE)
            for fine, coarse in zip(channels, channels[1:], strict=False)
        )
        self.up = nn.ModuleList(
            AdaResBlock(coarse if i == depth - 1 else 2 * coarse, channels[i], CODE_SIZE)
            for i, coarse in reversed(list(enumerate(channels[1:])))
        )
        self.heatmap = nn.Conv2d(2 * width, keypoints, 7, padding=3)
        ours = condition == CONDITION_SIZE
        mean = torch.tensor(CONDITION_MEAN) if ours else torch.zeros(condition)
        std = torch.tensor(CONDITION_STD) if ours else torch.ones(condition)
        self.register_buffer("condition_mean", mean)
        self.register_buffer("condition_std", std)

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        """Picture (B, 3, size, size) in [0, 1] and condition (B, C) as it is to (B, K, 2).

        Keypoints are picture coordinates (x, y) in [-1, 1]. The condition is normalised here.
        """
        with without_autocast(picture):
            return self._estimate(at_least_float32(picture), at_least_float32(condition))

    def _estimate(self, picture: Tensor, condition: Tensor) -> Tensor:
        z = self.mapping((condition - self.condition_mean) / self.condition_std)
        x = self.first(picture)
        skips: list[Tensor] = []
        for block in self.down:
            skips.append(x)
            x = functional.avg_pool2d(block(x, z), 2)
        for block in self.up:
            x = torch.cat(
                [functional.interpolate(block(x, z), scale_factor=2.0), skips.pop()], dim=1
            )
        return mean_place(spatial_softmax(self.heatmap(functional.relu(x))))


def spatial_softmax(scores: Tensor) -> Tensor:
    """(B, K, H, W), for each keypoint a distribution over places: softmax(scores / T)."""
    share = functional.softmax(scores.flatten(2) / TEMPERATURE, dim=-1)
    return share.unflatten(2, scores.shape[2:])


def mean_place(share: Tensor) -> Tensor:
    """(B, K, H, W) distributions over places to their means (B, K, 2), (x, y) in [-1, 1]."""
    height, width = share.shape[2:]
    columns = torch.linspace(-1, 1, width, dtype=share.dtype, device=share.device)
    rows = torch.linspace(-1, 1, height, dtype=share.dtype, device=share.device)
    x = (share.sum(dim=2) * columns).sum(dim=-1)
    y = (share.sum(dim=3) * rows).sum(dim=-1)
    return torch.stack([x, y], dim=-1)
