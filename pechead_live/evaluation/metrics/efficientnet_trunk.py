"""EfficientNet-Lite0, the network under eFID, eFVD and ePD (Tan, Le 2019; the Lite variant of
Google, 2020: no squeeze-and-excitation, ReLU6).

Its ImageNet weights are those of `pechead_live.model.efficientnet_file`. They were trained with
TensorFlow's padding and 8-bit values, and features are comparable only if they are computed so:
therefore this network is not the Reconstructor's trunk, which pads evenly.
"""

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from pechead_live.errors import InputError
from pechead_live.model.efficientnet_file import EPSILON, find_efficientnet, read_efficientnet

WIDTH = 1280
"""Numbers of a picture."""

SIDE = 224
"""Pixels that a picture is scaled to before its numbers are taken, the network's own size."""

STEP = 32
"""Both sides of a picture must be a multiple of it."""

# kernel, stride, expansion, channels, how many
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_TAPS = (0, 2, 4, 10, 15)  # the last block at 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture
_MEAN, _SPREAD = 127.0, 128.0  # of 8-bit values, as the Lite networks were trained


class EfficientNetLite0(nn.Module):
    """Pictures (B, 3, H, W) RGB in [0, 1] to (B, 1280); without its classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = _same(3, 32, 3, stride=2)
        self.bn0 = _norm(32)
        blocks: list[nn.Module] = []
        width = 32
        for kernel, stride, expansion, channels, count in _STAGES:
            for number in range(count):
                blocks.append(
                    _Block(width, channels, kernel, stride if number == 0 else 1, expansion)
                )
                width = channels
        self.blocks = nn.ModuleList(blocks)
        self.conv_head = nn.Conv2d(width, WIDTH, 1, bias=False)
        self.bn1 = _norm(WIDTH)

    def maps(self, pictures: Tensor) -> list[Tensor]:
        """(B, 3, H, W) in [0, 1], sides multiples of 32, to five maps (B, C, H / s, W / s): s = 2,
        4, 8, 16, 32 and C = 16, 24, 40, 112, 320; linear, of both signs."""
        if any(side % STEP for side in pictures.shape[2:]):
            raise InputError(f"pictures of {tuple(pictures.shape)}: sides must divide by {STEP}")
        x = (pictures * 255 - _MEAN) / _SPREAD
        x = functional.relu6(self.bn0(self.conv_stem(x)))
        found: list[Tensor] = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in _TAPS:
                found.append(x)
        return found

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1], any size, scaled to 224 x 224, to (B, 1280)."""
        scaled = functional.interpolate(
            pictures, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True
        )
        last = self.maps(scaled)[-1]
        return functional.relu6(self.bn1(self.conv_head(last))).mean(dim=(2, 3))


class _Block(nn.Module):
    """Expand, filter each channel, project; the input is added where the shapes agree."""

    def __init__(self, width: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = width * expansion
        self.expands = expansion > 1
        self.adds = stride == 1 and width == out
        if self.expands:
            self.expand_conv = nn.Conv2d(width, inner, 1, bias=False)
            self.bn0 = _norm(inner)
        self.depthwise_conv = _same(inner, inner, kernel, stride=stride, groups=inner)
        self.bn1 = _norm(inner)
        self.project_conv = nn.Conv2d(inner, out, 1, bias=False)
        self.bn2 = _norm(out)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(self.bn0(self.expand_conv(x))) if self.expands else x
        y = functional.relu6(self.bn1(self.depthwise_conv(y)))
        y = self.bn2(self.project_conv(y))
        return x + y if self.adds else y


class _Same(nn.Conv2d):
    """A convolution whose padding is TensorFlow's SAME for sides that divide by the stride: the
    odd pixel comes last, which `padding=` cannot say."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (the name of nn.Conv2d)
        total = self.kernel_size[0] - self.stride[0]
        pads = (total // 2, total - total // 2) * 2
        return super().forward(functional.pad(input, pads))


def _same(width: int, out: int, kernel: int, *, stride: int, groups: int = 1) -> _Same:
    return _Same(width, out, kernel, stride=stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON)


def load_efficientnet(given: Path | None = None) -> EfficientNetLite0:
    """The network with its ImageNet weights (`find_efficientnet`), in evaluation mode, on the CPU.

    Raises `InputError` if the file is not the published one.
    """
    path = find_efficientnet("eFID, eFVD and ePD", given)
    network = EfficientNetLite0()
    own = network.state_dict()
    own |= read_efficientnet(path, {name: tensor.shape for name, tensor in own.items()})
    network.load_state_dict(own)
    return network.eval().requires_grad_(False)
