"""A baseline in the manner of FOMM (Siarohin et al. 2019), to measure PECHead against.

Keypoints with Jacobians found without supervision, motion and occlusion at one scale, features
warped once. It is driven by the driving *picture*: pose and expression cannot be edited.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pechead_live.model.baseline.dimensions import BaselineDimensions
from pechead_live.model.baseline.keypoints import KeypointDetector, Keypoints, relative
from pechead_live.model.baseline.motion import DenseMotion, DenseMotionNetwork
from pechead_live.model.residual import ResBlock, res_blocks
from pechead_live.model.warp import downsample, warp


class BaselineSource(NamedTuple):
    """What depends on the portrait alone."""

    small: Tensor
    """(B, 3, h, h) the portrait at a quarter of its size."""

    features: Tensor
    """(B, C, h, h)."""

    keypoints: Keypoints
    """Of the portrait."""


class BaselineOutput(NamedTuple):
    """One drawn frame and what it was drawn from."""

    picture: Tensor
    """(B, 3, size, size) RGB in [0, 1]."""

    motion: DenseMotion
    """Flow and occlusion."""

    keypoints: Keypoints
    """Those that drove it."""


class Baseline(nn.Module):
    """Portrait and driving picture to the driven portrait."""

    def __init__(self, dimensions: BaselineDimensions) -> None:
        super().__init__()
        self.dimensions = d = dimensions
        self.detector = KeypointDetector(d)
        self.dense_motion = DenseMotionNetwork(d)
        self.encoder = nn.Sequential(
            nn.Conv2d(3, d.width, 7, padding=3),
            nn.BatchNorm2d(d.width),
            nn.ReLU(),
            ResBlock(d.width, 2 * d.width, preactivation=False, resize="down"),
            ResBlock(2 * d.width, d.channels, preactivation=False, resize="down"),
        )
        self.decoder = nn.Sequential(
            res_blocks(d.channels, d.blocks, preactivation=False),
            ResBlock(d.channels, 2 * d.width, preactivation=False, resize="up"),
            ResBlock(2 * d.width, d.width, preactivation=False, resize="up"),
            nn.Conv2d(d.width, 3, 7, padding=3),
            nn.Sigmoid(),
        )

    def source(self, portrait: Tensor) -> BaselineSource:
        """(B, 3, size, size) RGB in [0, 1]; once per portrait."""
        return BaselineSource(downsample(portrait), self.encoder(portrait), self.detector(portrait))

    def step(self, source: BaselineSource, keypoints: Keypoints) -> BaselineOutput:
        """Draws the portrait with ``keypoints`` of a driving frame in its place."""
        motion = self.dense_motion(source.small, source.keypoints, keypoints)
        moved = warp(source.features, motion.flow) * motion.occlusion
        return BaselineOutput(self.decoder(moved), motion, keypoints)

    @torch.no_grad()
    def render(
        self, source: BaselineSource, driving: Tensor, anchor: Keypoints | None = None
    ) -> Tensor:
        """The picture (B, 3, size, size) for a driving picture of the same shape.

        With ``anchor``, the keypoints of the driver's first frame, only the motion since then is
        taken over (relative); without, the driver's own places (absolute).
        """
        keypoints = self.detector(driving)
        if anchor is not None:
            keypoints = relative(keypoints, anchor, source.keypoints)
        return self.step(source, keypoints).picture
