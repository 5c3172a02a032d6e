"""`Lite`: the small network that corrects the analytic picture, for CPUs.

The analytic renderer knows the geometry; it cannot know teeth, wrinkles, or what was hidden. The
network sees its picture (the *guide*) and the portrait's features brought to the same place, moves
the guide a little and paints over it where it must: ``alpha W(guide) + (1 - alpha) painted``.
Before training it draws the guide picture itself.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pechead_live.facemodel.condition import CONDITION_MEAN, CONDITION_STD
from pechead_live.model.lite.decode import Decoded, Decoder
from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.keypoints import HeadKeypoints, keypoint_heatmaps
from pechead_live.model.lite.motion import MotionNetwork
from pechead_live.model.lite.rep import fused
from pechead_live.model.lite.source import SourceEncoder
from pechead_live.model.warp import identity_grid, resize_flow, resize_share, warp


class LiteSource(NamedTuple):
    """What depends on the portrait alone; h = 64, H = 256 for the presets of that size."""

    features_64: Tensor
    """(B, C, h, h) for the decoder."""

    features_128: Tensor
    """(B, C, 2 h, 2 h) for the decoder."""

    motion_features: Tensor
    """(B, C + 10, h, h) for the motion network; the last ten are the keypoints' heat maps."""

    keypoints: Tensor
    """(B, 10, 2) k^s, picture coordinates."""


class LiteState(NamedTuple):
    """The memory between frames."""

    hidden: Tensor
    """(B, C, h / 2, h / 2); zeros before the first frame."""


class LiteOutput(NamedTuple):
    """One frame, and what it was made of."""

    picture: Tensor
    """(B, 3, H, H) in [0, 1]: ``alpha * moved guide + (1 - alpha) * painted``."""

    painted: Tensor
    """(B, 3, H, H) in [0, 1]."""

    alpha: Tensor
    """(B, 1, H, H) in [0, 1]; 1 keeps the guide picture."""

    flow: Tensor
    """(B, h, h, 2) backward, absolute: where the source's features come from."""

    residual: Tensor
    """(B, h, h, 2) displacement by which the guide picture is moved."""

    occlusion: Tensor
    """(B, 1, h, h) in [0, 1]; 1 where the source shows the place."""


class Lite(nn.Module):
    """Encoder (once for a portrait), motion and decoder (for each frame)."""

    condition_mean: Tensor
    condition_std: Tensor

    def __init__(self, dimensions: LiteDimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.encoder = SourceEncoder(dimensions)
        self.keypoints = HeadKeypoints()
        self.motion_network = MotionNetwork(dimensions)
        self.decoder = Decoder(dimensions)
        self.register_buffer("condition_mean", torch.from_numpy(CONDITION_MEAN.copy()))
        self.register_buffer("condition_std", torch.from_numpy(CONDITION_STD.copy()))

    def encode(self, portrait: Tensor, condition: Tensor) -> LiteSource:
        """``portrait`` (B, 3, H, H) in [0, 1] and its ``condition`` (B, 61)."""
        features_64, features_128, motion_features = self.encoder(portrait)
        keypoints = self.keypoints(condition)
        heat = keypoint_heatmaps(keypoints, self.dimensions.grid)
        known = torch.cat([motion_features, heat.to(motion_features.dtype)], dim=1)
        return LiteSource(features_64, features_128, known, keypoints)

    def initial_state(self, batch_size: int, device: torch.device | None = None) -> LiteState:
        """Zeros."""
        side = self.dimensions.grid // 2
        where = device or self.condition_mean.device
        return LiteState(torch.zeros(batch_size, self.dimensions.hidden, side, side, device=where))

    def motion(
        self, source: LiteSource, condition: Tensor, guide_flow: Tensor, guide_share: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Flow and residual (B, h, h, 2), float32, and occlusion (B, 1, h, h).

        ``condition`` (B, 61) of the driving frame; ``guide_flow`` (B, 64, 64, 2) absolute and
        ``guide_share`` (B, 64, 64): another grid than the network's is brought to it.
        """
        side = self.dimensions.grid
        return self.motion_network(
            source.motion_features,
            source.keypoints,
            self.keypoints(condition),
            resize_flow(guide_flow, side, side),
            resize_share(guide_share, side),
        )

    def decode(
        self,
        features_64: Tensor,
        features_128: Tensor,
        occlusion: Tensor,
        condition: Tensor,
        guide_picture: Tensor,
        guide_share: Tensor,
        hidden: Tensor,
    ) -> Decoded:
        """Painted picture, alpha and next state from features that were warped by the flow."""
        normal = (condition - self.condition_mean) / self.condition_std
        share = resize_share(guide_share, self.dimensions.grid)
        return self.decoder(
            features_64, features_128, occlusion, normal, guide_picture, share, hidden
        )

    def step(
        self,
        source: LiteSource,
        condition: Tensor,
        guide_picture: Tensor,
        guide_flow: Tensor,
        guide_share: Tensor,
        state: LiteState,
    ) -> tuple[LiteOutput, LiteState]:
        """One frame: ``guide_picture`` (B, 3, H, H) in [0, 1], the rest as in `motion`."""
        motion, decoded = self.drawing(
            source, condition, guide_picture, guide_flow, guide_share, state
        )
        _, residual, _ = motion
        grid, side = self.dimensions.grid, self.dimensions.size
        still = identity_grid(grid, grid, residual)
        moved = warp(guide_picture, resize_flow(still + residual, side, side))
        picture = decoded.painted + decoded.alpha * (moved - decoded.painted)
        output = LiteOutput(picture, decoded.painted, decoded.alpha, *motion)
        return output, LiteState(decoded.hidden)

    def drawing(
        self,
        source: LiteSource,
        condition: Tensor,
        guide_picture: Tensor,
        guide_flow: Tensor,
        guide_share: Tensor,
        state: LiteState,
    ) -> tuple[tuple[Tensor, Tensor, Tensor], Decoded]:
        """`step` without the last blend: the motion, and what is painted."""
        flow, residual, occlusion = self.motion(source, condition, guide_flow, guide_share)
        half = self.dimensions.size // 2
        decoded = self.decode(
            _carried(source.features_64, flow),
            _carried(source.features_128, resize_flow(flow, half, half)),
            occlusion,
            condition,
            guide_picture,
            guide_share,
            state.hidden,
        )
        return (flow, residual, occlusion), decoded

    def fused(self) -> "Lite":
        """A copy for inference: evaluation mode, every normalisation folded into a convolution."""
        return fused(self)


def _carried(features: Tensor, flow: Tensor) -> Tensor:
    """Features warped by ``flow``, in their own memory order: grid sampling gives plane by plane,
    which every convolution after it would have to bring back (a seventh of a training step)."""
    moved = warp(features, flow)
    if features.is_contiguous(memory_format=torch.channels_last):
        return moved.contiguous(memory_format=torch.channels_last)
    return moved
