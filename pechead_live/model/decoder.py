"""The decoder: the adapted feature f^c to the picture (PECHead, 4)."""

import torch
from torch import Tensor, nn

from pechead_live.model.dimensions import Dimensions
from pechead_live.model.residual import ResBlock


class Decoder(nn.Module):
    """Two ResBlocks up, then conv 7x7: f^c (B, C2, h, w) to (B, 3, 4h, 4w) in [0, 1].

    With ``upscale`` 2 the last layer draws 2x2 pixels per place (pixel shuffle, as LivePortrait
    reaches 512): (B, 3, 8h, 8w).
    """

    def __init__(self, dimensions: Dimensions) -> None:
        super().__init__()
        width, preactivation = dimensions.width, dimensions.preactivation
        self.up = nn.Sequential(
            *(
                ResBlock(inputs, inputs // 2, preactivation=preactivation, resize="up")
                for inputs in (4 * width, 2 * width)
            )
        )
        finish = [nn.BatchNorm2d(width), nn.ReLU()] if preactivation else []
        draw = nn.Conv2d(width, 3 * dimensions.upscale**2, 7, padding=3)
        self.last = nn.Sequential(*finish, draw, nn.PixelShuffle(dimensions.upscale))

    def forward(self, feature: Tensor) -> Tensor:
        return torch.sigmoid(self.last(self.up(feature)))
