"""`LiteDimensions`: the widths of the lite network, and its presets.

Channels that are multiples of 8 fill the registers of common CPUs; at 128x128 few channels are
cheap and many are not, at 256x256 none are cheap: there only the last pixel shuffle arrives.
Names count the grid of a 256-pixel picture; a network of another ``size`` has all grids scaled.
"""

from dataclasses import dataclass, fields

from pechead_live.errors import InputError


@dataclass(frozen=True, kw_only=True)
class LiteDimensions:
    """Sizes of one lite network."""

    size: int = 256
    """Side of a picture, pixels; a multiple of 32 (the motion network's coarsest grid)."""

    encoder_128: int = 32
    """Channels of the source encoder at 128x128."""

    encoder_64: int = 64
    """Channels of the source encoder at 64x64."""

    encoder_blocks: int = 3
    """Residual blocks of the source encoder at 64x64."""

    features_64: int = 48
    """Channels of the source features that the flow carries at 64x64."""

    features_128: int = 16
    """Channels of the source features that the flow carries at 128x128."""

    motion_features: int = 16
    """Channels of the source features that the motion network sees."""

    motion_64: int = 32
    """Channels of the motion network at 64x64."""

    motion_32: int = 48
    """Channels of the motion network at 32x32."""

    motion_16: int = 64
    """Channels of the motion network at 16x16."""

    motion_8: int = 96
    """Channels of the motion network at 8x8."""

    guide_64: int = 16
    """Channels of the guide picture in the decoder at 64x64."""

    guide_128: int = 8
    """Channels of the guide picture in the decoder at 128x128."""

    decode_32: int = 128
    """Channels of the decoder at 32x32."""

    decode_blocks: int = 3
    """Inverted residual blocks of the decoder."""

    hidden: int = 32
    """Channels of the recurrent state at 32x32."""

    decode_64: int = 48
    """Channels of the decoder at 64x64."""

    decode_128: int = 32
    """Channels of the decoder at 128x128."""

    condition_width: int = 64
    """Of the hidden layer between the condition and its gains."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise InputError(
                    f"{field.name} of a lite network is {getattr(self, field.name)}: give 1 or more"
                )
        if self.size % 32:
            raise InputError(f"a lite network for {self.size} pixels: give a multiple of 32")

    @property
    def grid(self) -> int:
        """Side of the flow's grid: 64 for 256 pixels."""
        return self.size // 4


LITE_PRESETS: dict[str, LiteDimensions] = {
    "lite-m": LiteDimensions(),
    "lite-s": LiteDimensions(
        encoder_128=24,
        encoder_64=48,
        encoder_blocks=2,
        features_64=32,
        features_128=8,
        motion_64=24,
        motion_32=32,
        motion_16=48,
        motion_8=64,
        decode_32=96,
        decode_blocks=2,
        hidden=24,
        decode_64=32,
        decode_128=32,
    ),
    "toy": LiteDimensions(
        size=64,
        encoder_128=8,
        encoder_64=16,
        encoder_blocks=1,
        features_64=8,
        features_128=8,
        motion_features=8,
        motion_64=8,
        motion_32=8,
        motion_16=16,
        motion_8=16,
        guide_64=8,
        guide_128=8,
        decode_32=16,
        decode_blocks=1,
        hidden=8,
        decode_64=16,
        decode_128=8,
        condition_width=16,
    ),
}
"""For four cores or a GPU, for two cores, and for tests (64-pixel pictures).

Multiply-accumulates for a frame: 1.38, 0.88 and 0.01 G; 0.06 G of each large one is the decoder's
look at the guide picture.
"""
