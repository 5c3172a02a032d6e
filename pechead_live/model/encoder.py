"""The encoder: a portrait to its raw feature f, a quarter of the size (PECHead, 4)."""

from torch import Tensor, nn

from pechead_live.model.dimensions import Dimensions
from pechead_live.model.residual import ResBlock


class Encoder(nn.Module):
    """conv 7x7, then two ResBlocks down: (B, 3, 4h, 4w) in [0, 1] to f (B, C2, h, w)."""

    def __init__(self, dimensions: Dimensions) -> None:
        super().__init__()
        width, preactivation = dimensions.width, dimensions.preactivation
        self.first = nn.Sequential(
            nn.Conv2d(3, width, 7, padding=3), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.down = nn.Sequential(
            *(
                ResBlock(inputs, 2 * inputs, preactivation=preactivation, resize="down")
                for inputs in (width, 2 * width)
            )
        )

    def forward(self, portrait: Tensor) -> Tensor:
        return self.down(self.first(portrait))
