"""Inception-v3 up to its last pooling, the network of FID (Heusel et al. 2017).

FID is the name of the distance under *one* set of weights, TensorFlow's of 2015, which differs
from torchvision's network in three places: averages at a border count the picture's places only,
the last block takes a maximum where the one before averages, and there are 1008 classes. The user
gives these weights under the names of `pytorch-fid` as safetensors; none are shipped.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.errors import InputError

WIDTH = 2048
"""Numbers of a picture."""

SIDE = 299
"""Pixels that a picture is scaled to, bilinearly, as `pytorch-fid` does."""

CLASSES = 1008
"""Of the weights' classifier, which is not used: it tells FID's weights from others."""

ADVICE = (
    "give pytorch-fid's pt_inception-2015-12-05-6726825d.pth, saved once as safetensors with "
    "safetensors.torch.save_file"
)

Size = int | tuple[int, int]
Step = tuple[str, int, Size]
"""One convolution: published name, channels, kernel."""

Part = Step | tuple[Step, Step] | str
"""A convolution, two whose results are joined, or the pooling "average" or "maximum"."""


class InceptionV3(nn.Module):
    """Pictures (B, 3, H, W) RGB in [0, 1] to (B, 2048)."""

    def __init__(self) -> None:
        super().__init__()
        layers: dict[str, nn.Module] = {
            "Conv2d_1a_3x3": _Convolution(3, 32, 3, stride=2),
            "Conv2d_2a_3x3": _Convolution(32, 32, 3),
            "Conv2d_2b_3x3": _Convolution(32, 64, 3, padding=1),
            "maxpool1": nn.MaxPool2d(3, 2),
            "Conv2d_3b_1x1": _Convolution(64, 80, 1),
            "Conv2d_4a_3x3": _Convolution(80, 192, 3),
            "maxpool2": nn.MaxPool2d(3, 2),
            "Mixed_5b": _Mixed(192, *_block_a(32)),
            "Mixed_5c": _Mixed(256, *_block_a(64)),
            "Mixed_5d": _Mixed(288, *_block_a(64)),
            "Mixed_6a": _Mixed(288, *_BLOCK_B, stride=2),
            "Mixed_6b": _Mixed(768, *_block_c(128)),
            "Mixed_6c": _Mixed(768, *_block_c(160)),
            "Mixed_6d": _Mixed(768, *_block_c(160)),
            "Mixed_6e": _Mixed(768, *_block_c(192)),
            "Mixed_7a": _Mixed(768, *_BLOCK_D, stride=2),
            "Mixed_7b": _Mixed(1280, *_block_e("average")),
            "Mixed_7c": _Mixed(2048, *_block_e("maximum")),
        }
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1], any size, scaled to 299 x 299, to (B, 2048)."""
        x = functional.interpolate(pictures, (SIDE, SIDE), mode="bilinear", align_corners=False)
        x = 2 * x - 1
        for layer in self.children():
            x = layer(x)
        return x.mean(dim=(2, 3))


class _Convolution(nn.Module):
    def __init__(
        self, width: int, out: int, kernel: Size, *, stride: int = 1, padding: Size = 0
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, out, kernel, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv(x)))


class _Mixed(nn.Module):
    """Branches side by side, their results joined. Convolutions keep the size; with ``stride`` 2
    the last step of each branch halves it, without padding."""

    def __init__(self, width: int, *branches: tuple[Part, ...], stride: int = 1) -> None:
        super().__init__()
        self.branches = branches
        self.stride = stride
        for branch in branches:
            inner = width
            for part in branch:
                if isinstance(part, str):
                    continue
                halves = stride > 1 and part is branch[-1]
                steps = _steps(part)
                for name, out, kernel in steps:
                    padding = 0 if halves else _half(kernel)
                    step = stride if halves else 1
                    self.add_module(
                        name, _Convolution(inner, out, kernel, stride=step, padding=padding)
                    )
                inner = sum(out for _, out, _ in steps)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self._branch(x, branch) for branch in self.branches], dim=1)

    def _branch(self, x: Tensor, branch: tuple[Part, ...]) -> Tensor:
        for part in branch:
            if part == "average":
                x = functional.avg_pool2d(x, 3, 1, padding=1, count_include_pad=False)
            elif part == "maximum":
                x = functional.max_pool2d(x, 3, self.stride, padding=1 if self.stride == 1 else 0)
            elif not isinstance(part, str):
                found = [self.get_submodule(name)(x) for name, _, _ in _steps(part)]
                x = torch.cat(found, dim=1)
        return x


def _steps(part: Step | tuple[Step, Step]) -> tuple[Step, ...]:
    return (part,) if isinstance(part[0], str) else part  # pyright: ignore


def _half(kernel: Size) -> Size:
    return kernel // 2 if isinstance(kernel, int) else (kernel[0] // 2, kernel[1] // 2)


def _block_a(pooled: int) -> tuple[tuple[Part, ...], ...]:
    return (
        (("branch1x1", 64, 1),),
        (("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)),
        (("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)),
        ("average", ("branch_pool", pooled, 1)),
    )


_BLOCK_B: tuple[tuple[Part, ...], ...] = (
    (("branch3x3", 384, 3),),
    (("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)),
    ("maximum",),
)


def _block_c(width: int) -> tuple[tuple[Part, ...], ...]:
    row, column = (1, 7), (7, 1)
    return (
        (("branch1x1", 192, 1),),
        (("branch7x7_1", width, 1), ("branch7x7_2", width, row), ("branch7x7_3", 192, column)),
        (
            ("branch7x7dbl_1", width, 1),
            ("branch7x7dbl_2", width, column),
            ("branch7x7dbl_3", width, row),
            ("branch7x7dbl_4", width, column),
            ("branch7x7dbl_5", 192, row),
        ),
        ("average", ("branch_pool", 192, 1)),
    )


_BLOCK_D: tuple[tuple[Part, ...], ...] = (
    (("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3)),
    (
        ("branch7x7x3_1", 192, 1),
        ("branch7x7x3_2", 192, (1, 7)),
        ("branch7x7x3_3", 192, (7, 1)),
        ("branch7x7x3_4", 192, 3),
    ),
    ("maximum",),
)


def _block_e(pooling: str) -> tuple[tuple[Part, ...], ...]:
    row, column = (1, 3), (3, 1)
    return (
        (("branch1x1", 320, 1),),
        (("branch3x3_1", 384, 1), (("branch3x3_2a", 384, row), ("branch3x3_2b", 384, column))),
        (
            ("branch3x3dbl_1", 448, 1),
            ("branch3x3dbl_2", 384, 3),
            (("branch3x3dbl_3a", 384, row), ("branch3x3dbl_3b", 384, column)),
        ),
        (pooling, ("branch_pool", 192, 1)),
    )


def load_inception(path: Path) -> InceptionV3:
    """The network with the weights of FID at ``path``, in evaluation mode, on the CPU.

    Raises `InputError` for a file that is missing, no safetensors, or not these weights.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} cannot be read as safetensors ({error}): {ADVICE}") from error
    classes = tensors["fc.bias"].numel() if "fc.bias" in tensors else None
    if classes != CLASSES:
        raise InputError(
            f"{path} holds weights of {classes} classes, FID's have {CLASSES}: {ADVICE}"
        )
    network = InceptionV3()
    network.load_state_dict(_checked(network, tensors, path), strict=False)
    return network.eval().requires_grad_(False)


def _checked(network: InceptionV3, tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors of ``network`` alone; a count of batches, which only training needs, may be
    missing."""
    wanted = {k: x for k, x in network.state_dict().items() if "num_batches" not in k}
    wrong = [k for k, x in wanted.items() if k not in tensors or tensors[k].shape != x.shape]
    if wrong:
        raise InputError(f"{path} lacks {wrong[0]} and {len(wrong) - 1} more: {ADVICE}")
    return {name: tensors[name] for name in wanted}
