"""Pixel metrics; pictures are (H, W, 3) uint8, read as [0, 1]."""

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels

MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the five scales, finest first (Wang, Simoncelli, Bovik 2003)."""

_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def l1(a: Pixels, b: Pixels, mask: np.ndarray | None = None) -> float:
    """Mean absolute difference over pixels and channels (FOMM, reconstruction.py); over ``mask``
    (H, W) bool alone when given, NaN when it is empty."""
    difference = np.abs(a.astype(np.float32) - b.astype(np.float32)).mean(axis=2) / 255
    if mask is None:
        return float(difference.mean())
    return float(difference[mask].mean()) if mask.any() else float("nan")


def psnr(a: Pixels, b: Pixels) -> float:
    """10 log10(1 / MSE) in dB; infinite for equal pictures."""
    error = float(((a.astype(np.float32) - b.astype(np.float32)) ** 2).mean()) / 255**2
    return float("inf") if error == 0 else -10 * float(np.log10(error))


def ssim(a: Pixels, b: Pixels) -> float:
    """Structural similarity, 11 x 11 Gaussian window of 1.5 pixels, mean over channels
    (Wang et al. 2004)."""
    similarity, _ = _ssim_parts(_unit(a), _unit(b))
    return float(similarity.mean())


def ms_ssim(a: Pixels, b: Pixels) -> float:
    """Multi-scale structural similarity over five scales, mean over channels.

    Needs at least 176 pixels on the shorter side (11 at the coarsest scale).
    """
    x, y = _unit(a), _unit(b)
    if min(x.shape[:2]) < _WINDOW * 2 ** (len(MS_SSIM_WEIGHTS) - 1):
        raise ValueError(f"MS-SSIM needs 176 pixels on the shorter side, not {min(x.shape[:2])}")
    result = np.ones(3)
    for scale, weight in enumerate(MS_SSIM_WEIGHTS):
        similarity, contrast = _ssim_parts(x, y)
        last = scale == len(MS_SSIM_WEIGHTS) - 1
        factor = similarity if last else contrast
        result *= np.maximum(factor, 0) ** weight
        if not last:
            x, y = _halve(x), _halve(y)
    return float(result.mean())


def _unit(pixels: Pixels) -> FloatArray:
    return pixels.astype(np.float32) / 255


def _halve(x: FloatArray) -> FloatArray:
    """Mean over 2 x 2 blocks; an odd last row or column is left out."""
    height, width = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    x = x[:height, :width]
    return (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 4


def _blur(x: FloatArray) -> FloatArray:
    """Gaussian means at the places where the whole window lies inside."""
    full = np.asarray(cv2.GaussianBlur(x, (_WINDOW, _WINDOW), _SIGMA))
    half = _WINDOW // 2
    return full[half:-half, half:-half]


def _ssim_parts(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(3,) mean SSIM and (3,) its contrast-structure part."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x = _blur(x * x) - mean_x * mean_x
    variance_y = _blur(y * y) - mean_y * mean_y
    covariance = _blur(x * y) - mean_x * mean_y
    contrast = (2 * covariance + _C2) / (variance_x + variance_y + _C2)
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x * mean_x + mean_y * mean_y + _C1)
    return (luminance * contrast).mean(axis=(0, 1)), contrast.mean(axis=(0, 1))
