"""What `pechead::DeformIm2Col` is called, and the sizes of one call of it."""

from collections.abc import Sequence
from typing import NamedTuple

from pechead_live.errors import InputError

DOMAIN = "pechead"
"""Of ONNX, and the namespace of the TensorRT plugin."""

NAME = "DeformIm2Col"

VERSION = 1
"""Of the operator: any change of what it computes or of its attributes raises it."""

KERNEL_SIZE = "kernel_size"
"""Attribute: side k of the kernel, odd."""

OFFSET_GROUP = "offset_group"
"""Attribute: groups of channels that are sampled at places of their own, as in `DeformConv`."""

MOST_PLACES = 2**30
"""H * W of a picture that the kernel takes: its places are counted in 32 bits."""


class Sizes(NamedTuple):
    """Of x (B, C, H, W), of the groups and of the kernel."""

    batch: int
    channels: int
    height: int
    width: int
    groups: int
    kernel: int

    @property
    def offset(self) -> tuple[int, int, int, int]:
        """Shape of the offsets: (B, groups · k² · 2, H, W)."""
        return self.batch, 2 * self.groups * self.kernel**2, self.height, self.width

    @property
    def mask(self) -> tuple[int, int, int, int]:
        """Shape of the mask: (B, groups · k², H, W)."""
        return self.batch, self.groups * self.kernel**2, self.height, self.width

    @property
    def columns(self) -> tuple[int, int, int, int]:
        """Shape of the result: (B, C · k², H, W)."""
        return self.batch, self.channels * self.kernel**2, self.height, self.width


def check_attributes(kernel: int, groups: int) -> None:
    """`InputError` unless they are those of a `DeformIm2Col`."""
    if kernel < 1 or kernel % 2 == 0:
        raise InputError(f"{NAME} with a kernel of {kernel} is not offered: use an odd one")
    if groups < 1:
        raise InputError(f"{NAME} with {groups} groups of offsets cannot be: use at least one")


def sizes_of(
    x: Sequence[int], offset: Sequence[int], mask: Sequence[int], *, kernel: int, groups: int
) -> Sizes:
    """The sizes of a call from its inputs' shapes; `InputError` if they do not fit each other."""
    check_attributes(kernel, groups)
    if len(x) != 4 or min(x) < 1:
        raise InputError(f"{NAME} takes x of four sizes above 0, not {tuple(x)}: export again")
    sizes = Sizes(*(int(size) for size in x), groups=groups, kernel=kernel)
    if sizes.channels % groups:
        raise InputError(
            f"{NAME} cannot share {sizes.channels} channels among {groups} groups: "
            "use a number of groups that divides them"
        )
    for name, given, wanted in (("offset", offset, sizes.offset), ("mask", mask, sizes.mask)):
        if tuple(given) != wanted:
            raise InputError(
                f"{NAME}'s {name} is {tuple(given)} where {wanted} is wanted: export again"
            )
    if sizes.height * sizes.width >= MOST_PLACES:
        raise InputError(
            f"{NAME} takes pictures of fewer than {MOST_PLACES} pixels, not "
            f"{sizes.height} x {sizes.width}: use a smaller size"
        )
    return sizes
