"""`Frame`, what a camera gives, and `Picture`, what a renderer makes.

They are two types on purpose: a sink takes a `Picture` only, and nothing but a renderer makes one,
so the camera's own picture cannot reach a sink by mistake (the fail-closed rule).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, RGB, row 0 on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture from a camera or a clip."""

    pixels: Pixels
    """(H, W, 3) uint8, RGB, upright."""

    captured_at: float
    """When it was captured, seconds of a monotonic clock (for a clip: its presentation time)."""

    def __post_init__(self) -> None:
        check_pixels(self.pixels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One rendered picture of the avatar, on its way to the sinks."""

    pixels: Pixels
    """(H, W, 3) uint8, RGB."""

    captured_at: float
    """The `captured_at` of the frame whose motion it shows, seconds; latency is now minus this."""

    def __post_init__(self) -> None:
        check_pixels(self.pixels)


def check_pixels(pixels: Pixels) -> None:
    """Raises ValueError unless ``pixels`` is an (H, W, 3) uint8 array with at least one pixel."""
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise ValueError(
            f"pixels must be (H, W, 3) uint8 RGB, not {pixels.shape} {pixels.dtype}: convert first"
        )
