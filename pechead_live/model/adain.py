"""ResBlocks with adaptive instance normalisation: how pose and expression enter E (PECHead, 3.1).

AdaIN in the form (1 + gamma) * IN(x) + beta, as PIRender's published code has it; gamma and beta
start at zero, so an untrained condition changes nothing.
"""

from torch import Tensor, nn
from torch.nn import functional


class AdaIN(nn.Module):
    """Instance normalisation whose scale and offset are linear in a code z."""

    def __init__(self, channels: int, code: int) -> None:
        super().__init__()
        self.style = nn.Linear(code, 2 * channels)
        nn.init.zeros_(self.style.weight)
        nn.init.zeros_(self.style.bias)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """(B, C, H, W), H * W > 1, and (B, Z) to (B, C, H, W)."""
        gamma, beta = self.style(z)[:, :, None, None].chunk(2, dim=1)
        return (1 + gamma) * functional.instance_norm(x) + beta


class AdaResBlock(nn.Module):
    """(AdaIN, ReLU, conv 3x3) twice beside a 1x1 shortcut; the size is kept."""

    def __init__(self, inputs: int, outputs: int, code: int) -> None:
        super().__init__()
        self.norm1 = AdaIN(inputs, code)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2 = AdaIN(outputs, code)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """(B, inputs, H, W) and (B, Z) to (B, outputs, H, W)."""
        y = self.conv1(functional.relu(self.norm1(x, z)))
        return self.shortcut(x) + self.conv2(functional.relu(self.norm2(y, z)))
