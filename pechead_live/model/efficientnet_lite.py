"""EfficientNet-Lite0 without its classifier: the trunk of the small Reconstructor.

Tan & Le 2019 and the Lite variant that Google published in 2020: no squeeze-and-excitation, ReLU6
instead of swish, so that it quantises and runs everywhere.
"""

from torch import Tensor, nn

STEM = 32
"""Channels of the first convolution; the Lite variants never scale it."""

HEAD = 1280
"""Channels of the last map; never scaled either."""


class Stage(nn.Module):
    """A row of inverted residual blocks; the first one changes channels and size."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int, blocks: int
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                InvertedResidual(
                    inputs if i == 0 else outputs,
                    outputs,
                    kernel=kernel,
                    stride=stride if i == 0 else 1,
                    expansion=expansion,
                )
                for i in range(blocks)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return self.blocks(x)


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise, 1x1 projection, each with batch normalisation (MobileNet v2)."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        inside = expansion * inputs
        self.residual = stride == 1 and inputs == outputs
        self.expand = convolution(inputs, inside, 1) if expansion > 1 else nn.Identity()
        self.depthwise = convolution(inside, inside, kernel, stride, groups=inside)
        self.project = nn.Sequential(
            nn.Conv2d(inside, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU6."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class EfficientNetLite0(nn.Module):
    """Pictures to maps of 1280 channels at 1/32 of their size; 3.37 M parameters."""

    channels = HEAD
    """Channels of the maps."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(3, STEM, 3, stride=2)
        self.stages = nn.Sequential(
            Stage(STEM, 16, kernel=3, stride=1, expansion=1, blocks=1),
            Stage(16, 24, kernel=3, stride=2, expansion=6, blocks=2),
            Stage(24, 40, kernel=5, stride=2, expansion=6, blocks=2),
            Stage(40, 80, kernel=3, stride=2, expansion=6, blocks=3),
            Stage(80, 112, kernel=5, stride=1, expansion=6, blocks=3),
            Stage(112, 192, kernel=5, stride=2, expansion=6, blocks=4),
            Stage(192, 320, kernel=3, stride=1, expansion=6, blocks=1),
        )
        self.head = convolution(320, HEAD, 1)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W) normalised by ImageNet's mean and deviation to (B, 1280, H/32, W/32)."""
        return self.head(self.stages(self.stem(picture)))


class TinyTrunk(nn.Module):
    """The same blocks, four of them and narrow, for tests and for the toy preset."""

    channels = 64
    """Channels of the maps."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(3, 16, 3, stride=2)
        self.stages = nn.Sequential(
            Stage(16, 24, kernel=3, stride=2, expansion=2, blocks=2),
            Stage(24, 32, kernel=3, stride=2, expansion=2, blocks=2),
        )
        self.head = convolution(32, self.channels, 1)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, 64, H/8, W/8)."""
        return self.head(self.stages(self.stem(picture)))
