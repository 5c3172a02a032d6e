"""ResNet-50 without its classifier (He et al. 2016, with the stride in the 3x3 as torchvision).

The paper's Reconstructor is built on it. Its tensors carry torchvision's names, so that published
ImageNet weights can be loaded.
"""

from torch import Tensor, nn
from torch.nn import functional

STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""(channels, blocks, stride of the first) of the four stages."""

EXPANSION = 4
"""Channels that leave a bottleneck over those inside."""


class Bottleneck(nn.Module):
    """1x1 down, 3x3, 1x1 up, each with batch normalisation, beside a shortcut."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * channels
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
            if stride != 1 or inputs != outputs
            else nn.Identity()
        )
        nn.init.zeros_(self.bn3.weight)  # each block starts as its shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, 4 channels, H / stride, W / stride)."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        return functional.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNet50(nn.Module):
    """Pictures to maps of 2048 channels at 1/32 of their size."""

    channels = EXPANSION * STAGES[-1][0]
    """Channels of the maps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        inputs = 64
        for i, (channels, blocks, stride) in enumerate(STAGES, start=1):
            stage = nn.Sequential()
            for j in range(blocks):
                stage.append(Bottleneck(inputs, channels, stride if j == 0 else 1))
                inputs = EXPANSION * channels
            self.add_module(f"layer{i}", stage)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W) normalised by ImageNet's mean and deviation to (B, 2048, H/32, W/32)."""
        x = self.maxpool(functional.relu(self.bn1(self.conv1(picture))))
        for i in range(1, len(STAGES) + 1):
            x = self.get_submodule(f"layer{i}")(x)
        return x
