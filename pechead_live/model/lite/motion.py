"""The lite network's motion: how far the guide's flow is to be believed, and what to add.

MMFA (PECHead sec. 3.2) in one small hourglass: ten keypoints for the global motion; the flow that
the guide picture was drawn with stands for the landmarks' local motion.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.keypoints import KEYPOINTS, keypoint_heatmaps
from pechead_live.model.lite.rep import ConvNorm, Rep3x3
from pechead_live.model.precision import at_least_float32, without_autocast
from pechead_live.model.warp import identity_grid

MASKS = KEYPOINTS + 2
"""Background, keypoints, guide."""

GUIDE_BIAS = 7.0
"""Of the guide's mask at first: the other masks have 1 % together, enough for a gradient."""

OCCLUSION_BIAS = 2.0
"""Features are let through by 88 % at first."""

LARGEST_RESIDUAL = 0.1
"""Picture coordinates: 13 pixels of 256."""


class MotionNetwork(nn.Module):
    """Hourglass from what is known of the motion to masks, residual flow and occlusion."""

    border: Tensor

    def __init__(self, dimensions: LiteDimensions) -> None:
        super().__init__()
        d = dimensions
        inputs = 2 + 1 + KEYPOINTS + KEYPOINTS + d.motion_features
        self.down_32 = ConvNorm(inputs, d.motion_32, stride=2)
        self.down_16 = ConvNorm(d.motion_32, d.motion_16, stride=2)
        self.down_8 = ConvNorm(d.motion_16, d.motion_8, stride=2)
        self.middle = nn.Sequential(Rep3x3(d.motion_8), Rep3x3(d.motion_8))
        self.up_16 = ConvNorm(d.motion_8 + d.motion_16, d.motion_16)
        self.up_32 = ConvNorm(d.motion_16 + d.motion_32, d.motion_32)
        self.up_64 = ConvNorm(d.motion_32 + inputs, d.motion_64)
        self.head = nn.Conv2d(d.motion_64, MASKS + 3, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)
        with torch.no_grad():
            self.head.bias[MASKS - 1] = GUIDE_BIAS
            self.head.bias[-1] = OCCLUSION_BIAS
        self.register_buffer("border", border_mask(d.grid), persistent=False)

    def forward(
        self,
        motion_features: Tensor,
        source_keypoints: Tensor,
        driving_keypoints: Tensor,
        guide_flow: Tensor,
        guide_share: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Flow, residual flow (both (B, h, w, 2), float32) and occlusion (B, 1, h, w).

        ``motion_features`` (B, C + 10, h, w): the source's, with its heat maps; keypoints
        (B, 10, 2); ``guide_flow`` (B, h, w, 2) absolute; ``guide_share`` (B, h, w) in [0, 1].
        The residual is a displacement, and nothing at the picture's edge or away from the person.
        """
        side = motion_features.shape[-1]
        identity = identity_grid(side, side, guide_flow)
        known = [(guide_flow - identity).permute(0, 3, 1, 2), guide_share[:, None]]
        inputs = torch.cat(
            [*known, keypoint_heatmaps(driving_keypoints, side), motion_features], dim=1
        )
        raised = at_least_float32(self.head(self._hourglass(inputs)))
        with without_autocast(raised):
            residual = LARGEST_RESIDUAL * torch.tanh(raised[:, MASKS : MASKS + 2])
            residual = residual * self.border * near_person(guide_share)
            residual = residual.permute(0, 2, 3, 1)
            flow = self._flow(
                torch.softmax(raised[:, :MASKS], dim=1),
                source_keypoints - driving_keypoints,
                guide_flow - identity,
            )
            occlusion = torch.sigmoid(raised[:, -1:])
        return identity + flow + residual, residual, occlusion

    def _hourglass(self, inputs: Tensor) -> Tensor:
        at_32 = self.down_32(inputs)
        at_16 = self.down_16(at_32)
        at_8 = self.middle(self.down_8(at_16))
        at_16 = self.up_16(torch.cat([_doubled(at_8), at_16], dim=1))
        at_32 = self.up_32(torch.cat([_doubled(at_16), at_32], dim=1))
        return self.up_64(torch.cat([_doubled(at_32), inputs], dim=1))

    @staticmethod
    def _flow(masks: Tensor, shifts: Tensor, guide: Tensor) -> Tensor:
        """(B, h, w, 2) displacement: the masks' mean of no motion, the keypoints' and the guide's.

        ``masks`` (B, 12, h, w), ``shifts`` (B, 10, 2), ``guide`` (B, h, w, 2).
        """
        between = torch.einsum("bkhw,bkc->bhwc", masks[:, 1:-1], shifts)
        return between + masks[:, -1, :, :, None] * guide


def _doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")


def near_person(share: Tensor) -> Tensor:
    """(B, h, w) the person's share to (B, 1, h, w) in [0, 1]: 1 on the person and about `REACH`
    cells of 64 around them, soft at its edge.

    Hair may reach a little beyond what the geometry says; the room beyond stays as it is.
    """
    reach = max(1, REACH * share.shape[-1] // 64)
    known = (10 * at_least_float32(share)[:, None]).clamp(0, 1)
    grown = functional.max_pool2d(known, 2 * reach + 1, stride=1, padding=reach)
    return functional.avg_pool2d(grown, 3, stride=1, padding=1, count_include_pad=False)


def border_mask(side: int) -> Tensor:
    """(side, side) in [0, 1]: 0 at the edge, 1 from `BORDER` of the side on.

    What is drawn into a part of a wider picture must meet the rest of it without a seam.
    """
    distance = torch.arange(side, dtype=torch.float32) / (side - 1)
    ramp = (torch.minimum(distance, 1 - distance) / BORDER).clamp(max=1)
    return torch.minimum(ramp[:, None], ramp[None, :])


REACH = 2
"""Cells of 64: 8 pixels of 256. More or less is worse on people held out (ePD .3711, with 0 .3725,
without the mask .3731)."""

BORDER = 12 / 256
"""Of the picture's side: where the network's say fades to nothing."""
