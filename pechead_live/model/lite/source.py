"""The lite network's source encoder: what of the portrait is computed once and kept.

PECHead's raw feature f (sec. 3.1) depends on the portrait alone, which stands still here; keeping
all such work out of the frame's is what Face2Face-rho (Yang et al., 2022) does.
"""

from torch import Tensor, nn
from torch.nn import functional

from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.rep import ConvNorm


class Residual(nn.Module):
    """Two 3x3 convolutions around which the input goes on."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvNorm(width, width)
        self.second = ConvNorm(width, width, relu=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, width, H, W) to the same shape."""
        return functional.relu(features + self.second(self.first(features)), inplace=True)


class SourceEncoder(nn.Module):
    """Portrait to features at half and at a quarter of its size."""

    def __init__(self, dimensions: LiteDimensions) -> None:
        super().__init__()
        d = dimensions
        self.stage_128 = nn.Sequential(
            ConvNorm(3, d.encoder_128, stride=2), Residual(d.encoder_128)
        )
        self.stage_64 = nn.Sequential(
            ConvNorm(d.encoder_128, d.encoder_64, stride=2),
            *(Residual(d.encoder_64) for _ in range(d.encoder_blocks)),
        )
        self.to_features_128 = nn.Conv2d(d.encoder_128, d.features_128, 3, padding=1)
        self.to_features_64 = nn.Conv2d(d.encoder_64, d.features_64, 3, padding=1)
        self.to_motion_features = nn.Conv2d(d.encoder_64, d.motion_features, 1)

    def forward(self, portrait: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, 3, 256, 256) in [0, 1] to features for the decoder at 64x64 and at 128x128, and for
        the motion network at 64x64."""
        at_128 = self.stage_128(portrait)
        at_64 = self.stage_64(at_128)
        return (
            self.to_features_64(at_64),
            self.to_features_128(at_128),
            self.to_motion_features(at_64),
        )
