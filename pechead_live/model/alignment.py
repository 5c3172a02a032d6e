"""Deformable alignment: a source feature brought to the driving frame (PECHead eq. 3).

The deformation w, in pixels of the feature, is the base of every tap's offset; two convolutions
over f^m and w add a bounded residue and the masks (BasicVSR++, reduced to one frame). The last
layers start at zero and the convolution as the identity: before training it is a plain warp.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.model.deformable import DeformableConvolution
from pechead_live.model.initial import start_at_zero
from pechead_live.model.motion_estimator import Deformation
from pechead_live.model.warp import displacement_px, resize_flow, warp

RESIDUE = 10.0
"""Largest residue of an offset, pixels of the feature (BasicVSR++)."""

TAPS = 9
"""Of the 3x3 kernel."""


class FlowAlignment(nn.Module):
    """The paper's f^w = o W(f, w) + (1 - o) f, and all of it where there is no DCN."""

    def forward(self, feature: Tensor, deformation: Deformation) -> Tensor:
        """(B, C, h', w') with h' a whole fraction of the deformation's h; the same size."""
        deformation = resize_deformation(deformation, feature.shape[-2], feature.shape[-1])
        return shown(warp(feature, deformation.flow), feature, deformation.occlusion)


class DeformableAlignment(nn.Module):
    """δ = w + C^o([f^m, w]), ε = σ(C^m([f^m, w])), f^d = D(f; δ, ε) in the place of W(f, w).

    C^o and C^m share all layers but the last.
    """

    def __init__(self, channels: int, motion_channels: int, width: int, groups: int) -> None:
        """``channels`` of the feature, ``motion_channels`` of f^m."""
        super().__init__()
        self.groups = groups
        self.trunk = nn.Sequential(
            nn.Conv2d(motion_channels + 2, width, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(width, width, 3, padding=1),
            nn.LeakyReLU(0.1),
        )
        self.offset = nn.Conv2d(width, 2 * TAPS * groups, 3, padding=1)
        self.mask = nn.Conv2d(width, TAPS * groups, 3, padding=1)
        start_at_zero(self.offset)
        start_at_zero(self.mask)
        self.convolution = DeformableConvolution(channels, groups)

    def forward(self, feature: Tensor, deformation: Deformation) -> Tensor:
        """As `FlowAlignment`'s."""
        deformation = resize_deformation(deformation, feature.shape[-2], feature.shape[-1])
        # a convolution sees zeros beyond the edge; a flow there shows the edge, as `warp` does
        displacement = displacement_px(deformation.flow.clamp(-1, 1))
        known = deformation.feature
        hidden = self.trunk(torch.cat([known, displacement.to(known.dtype)], dim=1))
        # (x, y) of the flow, (dy, dx) of an offset
        along = displacement.flip(1).repeat(1, TAPS * self.groups, 1, 1)
        offset = along + RESIDUE * torch.tanh(self.offset(hidden).to(along.dtype))
        mask = torch.sigmoid(self.mask(hidden))
        moved = self.convolution(feature, offset, mask)
        return shown(moved, feature, deformation.occlusion)


def shown(moved: Tensor, still: Tensor, occlusion: Tensor) -> Tensor:
    """o · moved + (1 - o) · still; (B, C, h, w) each, o (B, 1, h, w)."""
    return still + occlusion * (moved - still)


def resize_deformation(deformation: Deformation, height: int, width: int) -> Deformation:
    """The same on a grid whose sides are whole fractions of its own."""
    shrink = deformation.occlusion.shape[-1] // width
    if shrink == 1:
        return deformation
    return Deformation(
        resize_flow(deformation.flow, height, width),
        functional.avg_pool2d(deformation.occlusion, shrink),
        functional.avg_pool2d(deformation.feature, shrink),
    )
