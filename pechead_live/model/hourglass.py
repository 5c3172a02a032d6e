"""The hourglass of the motion estimators (FOMM): down, up, and each level's input beside it."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Hourglass(nn.Module):
    """(B, inputs, H, W) to (B, width, H, W), its last feature map f^m.

    Each of ``depth`` levels halves the size and doubles the channels up to ``cap``.
    """

    def __init__(self, inputs: int, width: int, cap: int, depth: int) -> None:
        super().__init__()
        channels = [min(cap, width * 2**level) for level in range(depth + 1)]
        fine = [inputs, *channels[1:-1]]
        self.down = nn.ModuleList(
            _layer(before, after) for before, after in zip(fine, channels[1:], strict=True)
        )
        self.up = nn.ModuleList(
            _layer((1 if level == depth else 2) * channels[level], channels[level - 1])
            for level in range(depth, 0, -1)
        )

    def forward(self, x: Tensor) -> Tensor:
        levels: list[Tensor] = []
        for layer in self.down:
            levels.append(x)
            x = functional.avg_pool2d(layer(x), 2)
        for layer in self.up:
            x = layer(functional.interpolate(x, scale_factor=2.0, mode="nearest"))
            beside = levels.pop()
            if levels:
                x = torch.cat([x, beside], dim=1)
        return x


def _layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()
    )
