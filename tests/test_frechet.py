"""The Fréchet distance against hand values, closed forms and the matrix root of scipy."""

import numpy as np
import pytest
import scipy.linalg

from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.frechet import frechet_distance, gaussian_of


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return frechet_distance(gaussian_of(a), gaussian_of(b))


def by_matrix_root(a: np.ndarray, b: np.ndarray) -> float:
    """As FID's published code computes it."""
    covariance_a, covariance_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(covariance_a @ covariance_b)
    apart = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    return float(apart + np.trace(covariance_a + covariance_b - 2 * np.real(root)))


def samples(count: int, width: int, seed: int = 0) -> np.ndarray:
    """(count, width) with correlations."""
    random = np.random.default_rng(seed)
    return random.normal(size=(count, width)) @ random.normal(size=(width, width)) + seed


def test_two_numbers_on_each_side_by_hand() -> None:
    # means 1 and 3, variances 2 and 8: 4 + 2 + 8 - 2 * 4
    assert distance(np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])) == pytest.approx(6.0)


def test_independent_axes_add_up_in_closed_form() -> None:
    corners = np.array([[x, y] for x in (-1, 1) for y in (-1, 1)], np.float64)
    a, b = corners * (1, 2), corners * (3, 5) + (1, 1)
    spread = np.sqrt(4 / 3)  # standard deviation of -1 and 1, four rows, N - 1
    expected = 2 + ((3 - 1) * spread) ** 2 + ((5 - 2) * spread) ** 2
    assert distance(a, b) == pytest.approx(expected)


@pytest.mark.parametrize("count", [6, 40])
def test_it_is_what_the_matrix_root_gives(count: int) -> None:
    a, b = samples(40, 5, seed=1), samples(count, 5, seed=2)
    assert distance(a, b) == pytest.approx(by_matrix_root(a, b), rel=1e-6)
    assert distance(a, b) == pytest.approx(distance(b, a))


def test_fewer_samples_than_numbers_are_exact_too() -> None:
    # in 3 of 300 dimensions, with no others: the same as in those 3
    a, b = samples(4, 3, seed=1), samples(4, 3, seed=2)
    axes = np.linalg.qr(np.random.default_rng(3).normal(size=(300, 3)))[0]
    assert distance(a @ axes.T, b @ axes.T) == pytest.approx(distance(a, b))


def test_equal_sets_are_at_zero_and_a_shift_counts_squared() -> None:
    a = samples(50, 20)
    assert distance(a, a[::-1]) == pytest.approx(0, abs=1e-9 * (a**2).sum())
    assert distance(a, a + 2) == pytest.approx(4 * 20, rel=1e-6)


def test_the_further_a_set_is_spoilt_the_further_it_lies() -> None:
    a = samples(60, 8)
    noise = np.random.default_rng(5).normal(size=a.shape)
    distances = [distance(a, a + amount * noise) for amount in (0, 1, 2, 4)]
    assert distances == sorted(distances) and distances[1] > 0.1


def test_one_sample_has_no_spread_and_is_refused() -> None:
    with pytest.raises(InputError, match="at least 2"):
        gaussian_of(np.zeros((1, 4)))


def test_broken_numbers_and_two_networks_are_refused() -> None:
    with pytest.raises(InputError, match="NaN"):
        gaussian_of(np.array([[0.0], [np.nan]]))
    with pytest.raises(InputError, match="one network"):
        distance(samples(4, 3), samples(4, 2))
