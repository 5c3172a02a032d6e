"""A time drawn into a picture, to be read back from its pixels, as pyvirtualcam measures latency.

Black and white blocks in the top left corner: 56 bits of microseconds and 8 bits of a checksum, two
rows of 32. Pictures are handed on as they are, never coded, so small blocks are enough.
"""

import numpy as np
import numpy.typing as npt

from pechead_live.frame import Pixels

BLOCK = 4
"""Side of a block, pixels."""

COLUMNS, ROWS = 32, 2
WIDTH, HEIGHT = COLUMNS * BLOCK, ROWS * BLOCK
"""Of the whole code, pixels."""

TIME_BITS, CHECK_BITS = 56, 8


def micros(seconds: float) -> int:
    """Whole microseconds: what the code holds of a time."""
    return round(seconds * 1e6)


def draw_time_code(pixels: Pixels, seconds: float) -> Pixels:
    """A copy of ``pixels`` (H, W, 3) with the time (>= 0) in its top left corner."""
    if pixels.shape[0] < HEIGHT or pixels.shape[1] < WIDTH:
        raise ValueError(f"a picture of {pixels.shape[:2]}: the code needs {HEIGHT} x {WIDTH}")
    time = micros(seconds)
    if not 0 <= time < 1 << TIME_BITS:
        raise ValueError(f"the time {seconds} s cannot be drawn: it must be from 0 to 2280 years")
    bits = _bits(time << CHECK_BITS | _check(time))
    blocks = bits.reshape(ROWS, COLUMNS).repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
    drawn = pixels.copy()
    drawn[:HEIGHT, :WIDTH] = np.where(blocks, 255, 0)[..., None]
    return drawn


def read_time_code(pixels: Pixels) -> int | None:
    """Microseconds that were drawn; None when there is no code, or a damaged one."""
    if pixels.shape[0] < HEIGHT or pixels.shape[1] < WIDTH:
        return None
    corner = pixels[:HEIGHT, :WIDTH].reshape(ROWS, BLOCK, COLUMNS, BLOCK, 3)
    bright = corner.mean(axis=(1, 3, 4)).reshape(-1)
    if not bool(((bright < 64) | (bright > 191)).all()):
        return None
    word = int("".join("1" if value > 127 else "0" for value in bright), 2)
    time, check = word >> CHECK_BITS, word & ((1 << CHECK_BITS) - 1)
    return time if check == _check(time) else None


def _bits(word: int) -> npt.NDArray[np.bool_]:
    text = format(word, f"0{TIME_BITS + CHECK_BITS}b")
    return np.array([digit == "1" for digit in text])


def _check(time: int) -> int:
    """Never 0 for time 0: a black corner is no code."""
    return (time * 0x9E3779B1 >> 24 ^ time % 251 ^ 0xA5) & 0xFF
