"""A frame's number in its pixels, coarse enough for two lossy codecs and a browser's canvas.

A strip of 16 blocks at the lower right: 12 bits of the number, then 4 bits of a checksum.
"""

import numpy as np

from pechead_live.frame import Pixels

BLOCK = 16
"""Side of a block, pixels."""

BITS, CHECK_BITS = 12, 4
COUNT = BITS + CHECK_BITS
NUMBERS = 1 << BITS
"""The numbers start again after so many frames."""


def word_of(number: int) -> int:
    """The strip's 16 bits, the highest first."""
    number %= NUMBERS
    return number << CHECK_BITS | check_of(number)


def check_of(number: int) -> int:
    """4 bits that a picture without a strip has by chance once in sixteen."""
    return (number ^ number >> 4 ^ number >> 8 ^ 0b1010) & 0b1111


def draw_number(pixels: Pixels, number: int) -> Pixels:
    """A copy of ``pixels`` (at least 256 wide) with the strip."""
    bits = [word_of(number) >> place & 1 for place in reversed(range(COUNT))]
    drawn = pixels.copy()
    strip = np.repeat(np.array(bits, np.uint8) * 200 + 20, BLOCK)
    drawn[-BLOCK:, -COUNT * BLOCK :] = strip[None, :, None]
    return drawn


def read_number(pixels: Pixels) -> int | None:
    """The number in ``pixels``; None if there is no strip."""
    strip = pixels[-BLOCK:, -COUNT * BLOCK :].astype(np.float32).mean(axis=2)
    inner = strip.reshape(BLOCK, COUNT, BLOCK)[4:-4, :, 4:-4].mean(axis=(0, 2))
    word = 0
    for level in inner:
        word = word << 1 | int(level > 120)
    number, check = word >> CHECK_BITS, word & (1 << CHECK_BITS) - 1
    return number if check == check_of(number) else None
