"""How many bits a second a viewer may be sent."""

from dataclasses import dataclass
from typing import Any

from aiortc.codecs import h264, vpx

from pechead_live.errors import InputError


@dataclass(frozen=True, kw_only=True)
class BitrateConfig:
    """Bits a second of one viewer's video; within the bounds the receiver's estimate (REMB) rules.

    aiortc builds its encoder anew for a change above a tenth, and a new encoder starts with a whole
    picture, so bounds that lie near each other are calmer.
    """

    least: int = 250_000
    """Never less, whatever the receiver estimates."""
    first: int = 1_000_000
    """Until the receiver has estimated anything."""
    most: int = 2_500_000
    """Never more: a face of 512 x 512 gains nothing from it."""

    def __post_init__(self) -> None:
        if not 10_000 <= self.least <= self.first <= self.most <= 50_000_000:
            raise InputError(
                f"bitrates {self.least}, {self.first}, {self.most}: they must grow, from 10,000 "
                "to 50,000,000 bits a second"
            )


def set_bitrates(config: BitrateConfig) -> None:
    """For every connection that is opened from now on in this process."""
    codec: Any
    for codec in (vpx, h264):
        codec.MIN_BITRATE = config.least
        codec.DEFAULT_BITRATE = config.first
        codec.MAX_BITRATE = config.most
