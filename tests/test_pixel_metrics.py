"""Pixel metrics against values computed by hand or by the definition, window by window."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from pechead_live.evaluation.metrics.pixels import MS_SSIM_WEIGHTS, l1, ms_ssim, psnr, ssim
from pechead_live.frame import Pixels

Array = npt.NDArray[np.float64]

C1, C2 = 0.01**2, 0.03**2


def plain(value: int, side: int = 32) -> Pixels:
    return np.full((side, side, 3), value, np.uint8)


def noisy(side: int, seed: int = 0) -> tuple[Pixels, Pixels]:
    """A smooth random picture, and the same one with noise and a brighter half."""
    random = np.random.default_rng(seed)
    coarse = random.integers(40, 200, (side // 8 + 1, side // 8 + 1, 3))
    picture = coarse.repeat(8, axis=0).repeat(8, axis=1)[:side, :side]
    other = picture + random.normal(0, 12, picture.shape)
    other[: side // 2] += 20
    return picture.astype(np.uint8), np.clip(other, 0, 255).astype(np.uint8)


def windows(x: Array) -> Array:
    """(h, w, 11, 11) every whole window of one channel."""
    return sliding_window_view(x, (11, 11))


def parts_by_definition(x: Array, y: Array) -> tuple[float, float]:
    """Mean SSIM and contrast-structure of one channel, window by window (Wang et al. 2004)."""
    t = np.arange(-5, 6)
    g = np.exp(-(t**2) / (2 * 1.5**2))
    weights = np.outer(g, g) / np.outer(g, g).sum()

    def mean(z: Array) -> Array:
        return np.einsum("hwij,ij->hw", z, weights)

    a, b = windows(x), windows(y)
    mean_a, mean_b = mean(a), mean(b)
    from_a, from_b = a - mean_a[..., None, None], b - mean_b[..., None, None]
    contrast = (2 * mean(from_a * from_b) + C2) / (mean(from_a**2) + mean(from_b**2) + C2)
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return float((luminance * contrast).mean()), float(contrast.mean())


def halved(x: Array) -> Array:
    """Means of 2 x 2 blocks; an odd last row or column is left out."""
    height, width = x.shape[0] // 2, x.shape[1] // 2
    blocks = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return blocks.mean(axis=(1, 3))


def ms_ssim_by_definition(a: Pixels, b: Pixels) -> float:
    """Five scales, each the mean of 2 x 2 blocks of the one before; mean over channels."""
    products: list[float] = []
    for channel in range(3):
        x, y = (picture[..., channel].astype(np.float64) / 255 for picture in (a, b))
        product = 1.0
        for scale, weight in enumerate(MS_SSIM_WEIGHTS):
            similarity, contrast = parts_by_definition(x, y)
            product *= (similarity if scale == 4 else contrast) ** weight
            x, y = halved(x), halved(y)
        products.append(product)
    return float(np.mean(products))


def test_l1_is_the_mean_difference_as_a_share_of_white() -> None:
    assert l1(plain(10), plain(61)) == pytest.approx(51 / 255)
    half = plain(0)
    half[:16, :, 0] = 255
    assert l1(plain(0), half) == pytest.approx(1 / 6)


def test_l1_does_not_wrap_around_where_the_second_picture_is_brighter() -> None:
    assert l1(plain(0), plain(255)) == l1(plain(255), plain(0)) == 1.0


def test_l1_over_a_mask_sees_nothing_else() -> None:
    half = plain(0)
    half[:16] = 255
    mask = np.zeros((32, 32), np.bool_)
    mask[12:20] = True
    assert l1(plain(0), half, mask) == pytest.approx(0.5)
    assert l1(plain(0), half, ~mask) == pytest.approx(0.5)
    mask[16:] = False
    assert l1(plain(0), half, mask) == 1.0


def test_l1_over_an_empty_mask_is_no_number() -> None:
    assert math.isnan(l1(plain(0), plain(9), np.zeros((32, 32), np.bool_)))


def test_psnr_of_a_difference_of_one_step_is_48_decibels() -> None:
    assert psnr(plain(7), plain(8)) == pytest.approx(20 * math.log10(255))
    assert psnr(plain(0), plain(255)) == pytest.approx(0.0)


def test_psnr_of_equal_pictures_is_infinite() -> None:
    assert psnr(plain(7), plain(7)) == math.inf


def test_ssim_of_two_plain_pictures_is_their_luminance_term() -> None:
    a, b = 51 / 255, 204 / 255
    expected = (2 * a * b + C1) / (a * a + b * b + C1)
    assert ssim(plain(51), plain(204)) == pytest.approx(expected, abs=1e-9)


def test_ssim_is_what_its_definition_gives_window_by_window() -> None:
    a, b = noisy(40)
    expected = np.mean([parts_by_definition(a[..., c] / 255, b[..., c] / 255)[0] for c in range(3)])
    assert 0.2 < expected < 0.95
    assert ssim(a, b) == pytest.approx(expected, abs=1e-9)


def test_ms_ssim_of_two_plain_pictures_is_the_coarsest_luminance_term() -> None:
    a, b = 51 / 255, 204 / 255
    luminance = (2 * a * b + C1) / (a * a + b * b + C1)
    found = ms_ssim(plain(51, 176), plain(204, 176))
    assert found == pytest.approx(luminance ** MS_SSIM_WEIGHTS[-1], abs=1e-9)


def test_ms_ssim_is_what_its_definition_gives_scale_by_scale() -> None:
    a, b = noisy(176)
    expected = ms_ssim_by_definition(a, b)
    assert 0.2 < expected < 0.99
    assert ms_ssim(a, b) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("metric", [ssim, ms_ssim])
def test_a_picture_resembles_itself_fully_and_its_negative_not(metric) -> None:
    picture, _ = noisy(192)
    assert metric(picture, picture) == pytest.approx(1.0)
    assert metric(picture, 255 - picture) < 0.3


@pytest.mark.parametrize("metric", [l1, psnr, ssim, ms_ssim])
def test_pictures_of_different_sizes_are_refused(metric) -> None:
    with pytest.raises(ValueError, match="differ in size"):
        metric(plain(0, 192), plain(0, 176))


@pytest.mark.parametrize(("metric", "side"), [(ssim, 10), (ms_ssim, 175)])
def test_a_picture_smaller_than_the_window_is_refused(metric, side: int) -> None:
    with pytest.raises(ValueError, match=f"{side + 1} pixels"):
        metric(plain(0, side), plain(0, side))
