"""Pixel metrics; pictures are (H, W, 3) uint8, RGB, read as [0, 1]; both of one size."""

import cv2
import numpy as np
import numpy.typing as npt

from pechead_live.frame import Pixels, check_pixels

Mask = npt.NDArray[np.bool_]
"""(H, W), True where a metric looks."""

_Array = npt.NDArray[np.float64]  # a variance is the difference of two means: float32 loses it

MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the five scales, finest first (Wang, Simoncelli, Bovik 2003)."""

_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def l1(a: Pixels, b: Pixels, mask: Mask | None = None) -> float:
    """Mean absolute difference over pixels and channels, in [0, 1] (FOMM, reconstruction.py); over
    ``mask`` (H, W) alone when given, NaN when that is empty."""
    _check_pair(a, b)
    difference = cv2.absdiff(a, b).mean(axis=2, dtype=np.float64) / 255
    if mask is None:
        return float(difference.mean())
    return float(difference[mask].mean()) if mask.any() else float("nan")


def psnr(a: Pixels, b: Pixels) -> float:
    """10 log10(1 / MSE) in dB; infinite for equal pictures."""
    _check_pair(a, b)
    error = float(((a.astype(np.float64) - b.astype(np.float64)) ** 2).mean()) / 255**2
    return float("inf") if error == 0 else -10 * float(np.log10(error))


def ssim(a: Pixels, b: Pixels) -> float:
    """Structural similarity, 11 x 11 Gaussian window of 1.5 pixels, mean over channels and over the
    places where the whole window lies inside (Wang et al. 2004); at least 11 pixels each way."""
    _check_pair(a, b, smallest=_WINDOW)
    similarity, _ = _ssim_parts(_unit(a), _unit(b))
    return float(similarity.mean())


def ms_ssim(a: Pixels, b: Pixels) -> float:
    """Multi-scale structural similarity over five scales, mean over channels.

    Needs at least 176 pixels each way (11 at the coarsest scale).
    """
    last = len(MS_SSIM_WEIGHTS) - 1
    _check_pair(a, b, smallest=_WINDOW * 2**last)
    x, y = _unit(a), _unit(b)
    result = np.ones(3)
    for scale, weight in enumerate(MS_SSIM_WEIGHTS):
        similarity, contrast = _ssim_parts(x, y)
        factor = similarity if scale == last else contrast
        result *= np.maximum(factor, 0) ** weight
        if scale < last:
            x, y = _halve(x), _halve(y)
    return float(result.mean())


def _check_pair(a: Pixels, b: Pixels, smallest: int = 1) -> None:
    check_pixels(a)
    check_pixels(b)
    if a.shape != b.shape:
        raise ValueError(f"the pictures differ in size, {a.shape} and {b.shape}: scale one first")
    if min(a.shape[:2]) < smallest:
        raise ValueError(f"a picture of {a.shape[:2]}: it needs {smallest} pixels each way")


def _unit(pixels: Pixels) -> _Array:
    return pixels.astype(np.float64) / 255


def _halve(x: _Array) -> _Array:
    """Mean over 2 x 2 blocks; an odd last row or column is left out."""
    height, width = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    x = x[:height, :width]
    return (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 4


def _blur(x: _Array) -> _Array:
    """Gaussian means at the places where the whole window lies inside."""
    full = np.asarray(cv2.GaussianBlur(x, (_WINDOW, _WINDOW), _SIGMA), np.float64)
    half = _WINDOW // 2
    return full[half:-half, half:-half]


def _ssim_parts(x: _Array, y: _Array) -> tuple[_Array, _Array]:
    """(3,) mean SSIM and (3,) its contrast-structure part."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x = _blur(x * x) - mean_x * mean_x
    variance_y = _blur(y * y) - mean_y * mean_y
    covariance = _blur(x * y) - mean_x * mean_y
    contrast = (2 * covariance + _C2) / (variance_x + variance_y + _C2)
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x * mean_x + mean_y * mean_y + _C1)
    return (luminance * contrast).mean(axis=(0, 1)), contrast.mean(axis=(0, 1))
