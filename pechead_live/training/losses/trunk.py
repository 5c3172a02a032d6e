"""The perceptual trunk φ: a frozen VGG whose feature maps are compared, not trained.

Johnson, Alahi and Fei-Fei 2016 (PECHead's L_v). Weights: `trunk_file`.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.training.losses.trunk_file import convolution_names, find_trunk, read_trunk

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""The maps that are compared, as in FOMM and its successors."""


class Trunk(nn.Module):
    """Convolutions up to ``relu5_1``; nothing in it is trained."""

    def __init__(
        self,
        trunk: str,
        tensors: dict[str, Tensor],
        mean: tuple[float, ...],
        std: tuple[float, ...],
    ) -> None:
        """``tensors`` under torchvision's names; ``mean`` and ``std`` of RGB in [0, 1]."""
        super().__init__()
        blocks = convolution_names(trunk)
        self.blocks = [*blocks[:-1], blocks[-1][:1]]
        for name in (name for block in self.blocks for name in block):
            for part in ("weight", "bias"):
                self.register_buffer(f"{_own(name)}_{part}", tensors[f"{name}.{part}"])
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

    def forward(self, pictures: Tensor, layers: tuple[str, ...] = LAYERS) -> dict[str, Tensor]:
        """(B, 3, H, W) RGB in [0, 1] to {layer: (B, C, H / 2^i, W / 2^i)}, i from 0 for relu1_1.

        A layer whose map would be smaller than one pixel is left out.
        """
        x = (pictures - self.get_buffer("mean")) / self.get_buffer("std")
        maps: dict[str, Tensor] = {}
        last = max(LAYERS.index(layer) for layer in layers)
        for number, names in enumerate(self.blocks[: last + 1]):
            if number > 0:
                if min(x.shape[-2:]) < 2:
                    break
                x = functional.max_pool2d(x, 2)
            for place, name in enumerate(names):
                weight = self.get_buffer(f"{_own(name)}_weight")
                x = functional.relu(
                    functional.conv2d(x, weight, self.get_buffer(f"{_own(name)}_bias"), padding=1)
                )
                if place == 0 and LAYERS[number] in layers:
                    maps[LAYERS[number]] = x
                if place == 0 and number == last:
                    break
        return maps


def load_trunk(given: Path | None = None) -> Trunk:
    """The trunk of file ``given``, or the one that is found; see `find_trunk` and `read_trunk`."""
    return Trunk(*read_trunk(find_trunk(given))).eval()


def _own(name: str) -> str:
    """A buffer's name may hold no dot."""
    return name.replace(".", "_")
