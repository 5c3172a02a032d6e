"""The ResBlocks of encoder, fusion, refinement and decoder, in two orders of the same layers.

Pre-activation (BN-ReLU-conv twice, He et al. 2016) in `paper`; conv-BN-ReLU, whose normalisations
fold into the convolutions for export, in `base` and `toy`. A 1x1 convolution on the shortcut
wherever channels or size change, always on the smaller side of the change of size.
"""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

Resize = Literal["same", "down", "up"]


class ResBlock(nn.Module):
    """(B, inputs, H, W) to (B, outputs, H', W'): the same size, half of it or twice it.

    ``down`` averages 2x2 after the first convolution, ``up`` repeats pixels before it.
    """

    def __init__(
        self, inputs: int, outputs: int, *, preactivation: bool, resize: Resize = "same"
    ) -> None:
        super().__init__()
        self.preactivation = preactivation
        self.resize: Resize = resize
        self.norm1 = nn.BatchNorm2d(inputs if preactivation else outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        same = inputs == outputs and resize == "same"
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.preactivation:
            y = self.halved(self.conv1(self.doubled(functional.relu(self.norm1(x)))))
            return self.beside(x) + self.conv2(functional.relu(self.norm2(y)))
        y = functional.relu(self.halved(self.norm1(self.conv1(self.doubled(x)))))
        return functional.relu(self.beside(x) + self.norm2(self.conv2(y)))

    def beside(self, x: Tensor) -> Tensor:
        """The shortcut."""
        return self.doubled(self.shortcut(self.halved(x)))

    def doubled(self, x: Tensor) -> Tensor:
        """Twice the size, where the block goes up."""
        return (
            functional.interpolate(x, scale_factor=2.0, mode="nearest")
            if self.resize == "up"
            else x
        )

    def halved(self, x: Tensor) -> Tensor:
        """Half the size, where the block goes down."""
        return functional.avg_pool2d(x, 2) if self.resize == "down" else x


def res_blocks(channels: int, count: int, *, preactivation: bool) -> nn.Sequential:
    """``count`` ResBlocks one after the other that keep channels and size."""
    blocks = (ResBlock(channels, channels, preactivation=preactivation) for _ in range(count))
    return nn.Sequential(*blocks)


def freeze_batch_norm(module: nn.Module) -> None:
    """Let every batch normalisation below ``module`` use, and keep, its running statistics.

    `module.train()` undoes it: call it after each.
    """
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()
