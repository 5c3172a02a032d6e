"""`pechead::DeformIm2Col` in numpy: slow, plain, and what the kernel is measured by."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.dcn.definition import sizes_of

Array = NDArray[Any]


def deform_im2col(x: Array, offset: Array, mask: Array, *, kernel: int, groups: int) -> Array:
    """x (B, C, H, W), offset (B, groups · k² · 2, H, W) in pixels, (dy, dx) for each tap, mask
    (B, groups · k², H, W) to columns (B, C · k², H, W) of x's dtype.

    float16 or float32; positions and sums are float32. Sampling is that of ONNX `DeformConv`
    (opset 19): bilinear, zero outside. An offset that is not a number samples 0. `InputError` if
    the shapes do not fit.
    """
    sizes = sizes_of(x.shape, offset.shape, mask.shape, kernel=kernel, groups=groups)
    batch, channels, height, width = x.shape
    taps = kernel * kernel
    share = channels // groups
    moved = offset.astype(np.float32).reshape(batch, groups, taps, 2, height, width)
    step = np.arange(taps, dtype=np.float32)[:, None, None]
    rows = np.arange(height, dtype=np.float32)[:, None]
    y = moved[..., 0, :, :] + (rows + (step // kernel - kernel // 2))
    x_ = moved[..., 1, :, :] + (np.arange(width, dtype=np.float32) + (step % kernel - kernel // 2))
    seen = (y > -1) & (x_ > -1) & (y < height) & (x_ < width)
    y, x_ = np.where(seen, y, -2), np.where(seen, x_, -2)
    top, left = np.floor(y).astype(np.int64), np.floor(x_).astype(np.int64)
    down, right = y - top, x_ - left

    planes = x.astype(np.float32).reshape(batch, groups, share, height * width)
    total = np.zeros((batch, groups, share, taps, height, width), np.float32)
    for low in (0, 1):
        for far in (0, 1):
            weight = (down if low else 1 - down) * (right if far else 1 - right)
            at_y, at_x = top + low, left + far
            inside = (at_y >= 0) & (at_x >= 0) & (at_y < height) & (at_x < width)
            at = np.where(inside, at_y * width + at_x, 0).reshape(batch, groups, 1, -1)
            corner = np.take_along_axis(planes, at, axis=3).reshape(total.shape)
            total += np.where(inside[:, :, None], weight[:, :, None] * corner, 0)
    shares = mask.astype(np.float32).reshape(batch, groups, 1, taps, height, width)
    with np.errstate(over="ignore"):  # beyond float16: infinite, as the kernel writes it
        return (total * shares).reshape(sizes.columns).astype(x.dtype)
