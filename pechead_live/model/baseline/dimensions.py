"""`BaselineDimensions`: the sizes of the FOMM-style baseline."""

from dataclasses import dataclass

from pechead_live.errors import InputError


@dataclass(frozen=True, kw_only=True)
class BaselineDimensions:
    """Of one baseline; two networks with equal dimensions have the same weights' shapes."""

    preset: str
    """Name of the preset that these numbers come from."""

    size: int = 256
    """Side of the pictures, pixels; keypoints and motion are read off a quarter of it."""

    keypoints: int = 10
    """K."""

    width: int = 32
    """Channels of the encoder's first layer; the features that are warped have 4 times as many."""

    blocks: int = 4
    """ResBlocks between warp and decoder."""

    hourglass_width: int = 32
    """Channels of the last layer of both hourglasses; each level down doubles it."""

    hourglass_cap: int = 192
    """Most channels of an hourglass's layer."""

    hourglass_depth: int = 5
    """Levels of an hourglass; each halves the size."""

    variance: float = 0.01
    """Of a keypoint's Gaussian, picture coordinates squared (FOMM)."""

    def __post_init__(self) -> None:
        step = 4 * 2**self.hourglass_depth
        if self.size < step or self.size % step:
            raise InputError(
                f"size {self.size} does not halve {self.hourglass_depth} times in the hourglass: "
                f"use a multiple of {step} pixels"
            )
        counts = (
            self.keypoints,
            self.width,
            self.blocks,
            self.hourglass_width,
            self.hourglass_cap,
            self.hourglass_depth,
        )
        if min(counts) < 1:
            raise InputError(f"keypoints, widths, depths and blocks must be 1 or more, not {self}")
        if self.variance <= 0:
            raise InputError(f"variance is {self.variance}: it must be positive")

    @property
    def channels(self) -> int:
        """Of the features that are warped."""
        return 4 * self.width


PRESETS: dict[str, BaselineDimensions] = {
    "baseline": BaselineDimensions(preset="baseline"),
    "baseline-toy": BaselineDimensions(
        preset="baseline-toy",
        size=64,
        width=8,
        blocks=1,
        hourglass_width=8,
        hourglass_cap=32,
        hourglass_depth=3,
    ),
}
"""`baseline`: widths as `base` has them. `baseline-toy`: 64 pixels, beside a PECHead's `toy`."""
