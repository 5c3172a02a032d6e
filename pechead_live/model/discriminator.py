"""D: two unconditional patch discriminators, on the picture and on its half (PECHead, 3.4).

Four convolutions and a last one to a map of logits, as pix2pixHD's; spectral normalisation instead
of instance normalisation, which is steadier with little data. The last one is free: normalised as
well, no logit can differ by more than the pictures do, and of a truth and a drawing of it that is
next to nothing (measured: after 120 steps the hinge loss was 3.9 of 4).
"""

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

SCALES = 2
"""The picture itself and its half (PECHead)."""


SMALLEST = 64
"""Pixels of a picture's side: its half must still leave a map after the last convolution."""


class Judgement(NamedTuple):
    """What one scale says of a picture."""

    logits: Tensor
    """(B, 1, h, w), above 0 where the patch looks real."""

    features: list[Tensor]
    """Four maps (B, C, h, w), fine to coarse, for feature matching."""


class PatchDiscriminator(nn.Module):
    """One scale."""

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = (3, width, 2 * width, 4 * width, 8 * width)
        self.convolutions = nn.ModuleList(
            spectral_norm(nn.Conv2d(inputs, outputs, 4, stride, padding=1))
            for inputs, outputs, stride in zip(
                channels[:-1], channels[1:], (2, 2, 2, 1), strict=True
            )
        )
        self.last = nn.Conv2d(channels[-1], 1, 4, padding=1)

    def forward(self, picture: Tensor) -> Judgement:
        """(B, 3, H, W) RGB in [0, 1], H and W at least 32."""
        features: list[Tensor] = []
        x = 2 * picture - 1
        for convolution in self.convolutions:
            x = functional.leaky_relu(convolution(x), 0.2)
            features.append(x)
        return Judgement(self.last(x), features)


class MultiScaleDiscriminator(nn.Module):
    """D at scales 1 and 1/2; ``width`` 64 is the usual size, 48 that of `base`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(width) for _ in range(SCALES))

    def forward(self, picture: Tensor) -> list[Judgement]:
        """(B, 3, H, W) RGB in [0, 1], H and W even and at least 64; one judgement per scale."""
        judgements: list[Judgement] = []
        for scale in self.scales:
            judgements.append(scale(picture))
            picture = functional.avg_pool2d(picture, 2)
        return judgements
