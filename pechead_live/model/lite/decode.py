"""The lite network's decoder: paints what no warp can show, and says where.

Mouth, lids and what was hidden, in [0, 1], with an alpha that keeps the photo's own detail
everywhere else. A small GRU at 32x32 stands for CAP (PECHead sec. 3.3).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.facemodel.condition import CONDITION_SIZE
from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.motion import border_mask, near_person
from pechead_live.model.lite.rep import ConvNorm, Rep3x3, UnshuffledConvNorm
from pechead_live.model.precision import at_least_float32

ALPHA_BIAS = 4.5
"""At first a grey 0.5 is painted with 1.1 % over the guide picture: 1.4 levels of 255 at most."""


PAINTED = 12
"""Channels at half the size that a pixel shuffle makes into RGB; the one after them is alpha."""


class Decoded(NamedTuple):
    """What the decoder makes of one frame."""

    painted: Tensor
    """(B, 3, H, W) in [0, 1]."""

    alpha: Tensor
    """(B, 1, H, W) in [0, 1]: the guide picture's share; 1 at the picture's edge and away from the
    person."""

    hidden: Tensor
    """(B, C, H / 8, W / 8) for the next frame."""


class Film(nn.Module):
    """Gain and bias for each channel out of the condition (FiLM, Perez et al. 2018)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(CONDITION_SIZE, hidden)
        self.second = nn.Linear(hidden, 2 * width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """(B, width, h, w) features under the normalised ``condition`` (B, 61)."""
        both = self.second(functional.relu(self.first(condition)))[:, :, None, None]
        gain, bias = both.chunk(2, dim=1)
        return functional.relu(features * (1 + gain) + bias)


class InvertedResidual(nn.Module):
    """Widen, 3x3 for each channel, narrow; the input is added (MobileNetV2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            ConvNorm(width, 2 * width, 1),
            ConvNorm(2 * width, 2 * width, 3, groups=2 * width),
            ConvNorm(2 * width, width, 1, relu=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(B, width, h, w) to the same shape."""
        return features + self.body(features)


class SeparableGru(nn.Module):
    """Convolutional GRU whose gates are 3x3 for each channel, then 1x1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        both = 2 * width
        self.gates = nn.Sequential(
            nn.Conv2d(both, both, 3, padding=1, groups=both), nn.Conv2d(both, both, 1)
        )
        self.candidate = nn.Sequential(
            nn.Conv2d(both, both, 3, padding=1, groups=both), nn.Conv2d(both, width, 1)
        )

    def forward(self, features: Tensor, hidden: Tensor) -> Tensor:
        """(B, width, h, w) features and state to the next state, in (-1, 1)."""
        update, reset = torch.sigmoid(self.gates(torch.cat([hidden, features], dim=1))).chunk(2, 1)
        wanted = torch.tanh(self.candidate(torch.cat([reset * hidden, features], dim=1)))
        return hidden + update * (wanted - hidden)


class Decoder(nn.Module):
    """Warped features, guide picture and condition to a painted picture and its alpha."""

    border: Tensor

    def __init__(self, dimensions: LiteDimensions) -> None:
        super().__init__()
        d = dimensions
        self.guide_64 = UnshuffledConvNorm(d.guide_64, 1, factor=4)
        self.guide_128 = UnshuffledConvNorm(d.guide_128, 3, factor=2)
        self.down_32 = ConvNorm(d.features_64 + d.guide_64, d.decode_32, stride=2)
        self.film = Film(d.decode_32, d.condition_width)
        self.blocks = nn.Sequential(
            *(InvertedResidual(d.decode_32) for _ in range(d.decode_blocks))
        )
        self.to_hidden = ConvNorm(d.decode_32, d.hidden, 1)
        self.gru = SeparableGru(d.hidden)
        self.narrow_32 = ConvNorm(d.decode_32 + d.hidden, d.decode_64, 1)
        self.up_64 = ConvNorm(d.decode_64 + d.features_64, d.decode_64)
        self.refine_64 = nn.Sequential(Rep3x3(d.decode_64), Rep3x3(d.decode_64))
        self.narrow_64 = ConvNorm(d.decode_64, d.decode_128, 1)
        self.up_128 = ConvNorm(d.decode_128 + d.features_128 + d.guide_128, d.decode_128)
        self.refine_128 = Rep3x3(d.decode_128)
        self.out = nn.Conv2d(d.decode_128, PAINTED + 1, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)
        with torch.no_grad():
            self.out.bias[PAINTED:] = ALPHA_BIAS
        self.register_buffer("border", border_mask(d.size), persistent=False)

    def forward(
        self,
        features_64: Tensor,
        features_128: Tensor,
        occlusion: Tensor,
        condition: Tensor,
        guide_picture: Tensor,
        guide_share: Tensor,
        hidden: Tensor,
    ) -> Decoded:
        """One frame.

        ``features_64`` and ``features_128``: the source's, warped; ``occlusion`` (B, 1, h, w);
        ``condition`` (B, 61) normalised; ``guide_picture`` (B, 3, H, W) in [0, 1];
        ``guide_share`` (B, h, w): away from the person the guide picture is left as it is.
        """
        at_64 = features_64 * occlusion.to(features_64.dtype)
        guide_64, guide_128 = self.guide_64(guide_picture), self.guide_128(guide_picture)
        at_32 = self.down_32(torch.cat([at_64, guide_64], dim=1))
        at_32 = self.blocks(self.film(at_32, condition))
        hidden = self.gru(self.to_hidden(at_32), hidden)
        raised = self.narrow_32(torch.cat([at_32, hidden], dim=1))
        at_64 = self.refine_64(self.up_64(torch.cat([_doubled(raised), at_64], dim=1)))
        raised = _doubled(self.narrow_64(at_64))
        at_128 = self.up_128(torch.cat([raised, features_128, guide_128], dim=1))
        out = at_least_float32(self.out(self.refine_128(at_128)))
        painted = torch.sigmoid(functional.pixel_shuffle(out[:, :PAINTED], 2))
        # an alpha that is shuffled too draws dots wherever the painting sets in
        alpha = functional.interpolate(out[:, PAINTED:], scale_factor=2.0, mode="bilinear")
        near = functional.interpolate(
            near_person(guide_share), alpha.shape[-2:], mode="bilinear", align_corners=True
        )
        alpha = 1 - self.border * near * (1 - torch.sigmoid(alpha))
        return Decoded(painted, alpha, at_least_float32(hidden))


def _doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")
