"""Drift of loops, sharpness and colour over time, and the flicker of what stands still."""

import numpy as np
import pytest

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.drift import (
    change_between,
    change_within,
    colour_change,
    level_distance,
    sharpness_ratio,
)
from pechead_live.evaluation.metrics.motion import akd
from pechead_live.evaluation.metrics.stillness import change_of_neighbours, still_places
from pechead_live.frame import Pixels


def noisy_loops(seed: int, *, brighter: int = 0, loops: int = 4) -> list[list[Pixels]]:
    """Of three phases, each loop under noise of its own."""
    noise = np.random.default_rng(seed).integers(-5, 6, (loops, 3, 32, 32, 3))
    phases = np.array([60, 120, 180]).reshape(1, 3, 1, 1, 1)
    return [list(loop) for loop in (phases + brighter + noise).astype(np.uint8)]


def test_noise_alone_is_no_drift_and_a_shift_beyond_it_is() -> None:
    first = noisy_loops(0)
    noise = change_within(first, level_distance)
    assert noise > 3
    assert change_between(first, noisy_loops(1), level_distance) == pytest.approx(noise, rel=0.01)
    away = change_between(first, noisy_loops(1, brighter=20), level_distance)
    assert away == pytest.approx(20, rel=0.01)


def test_loops_are_compared_at_equal_phase_only() -> None:
    phases = [np.full((8, 8, 3), level, np.uint8) for level in (0, 100, 200)]
    assert change_between([phases], [phases], level_distance) == 0
    turned = [*phases[1:], phases[0]]
    assert change_between([phases], [turned], level_distance) == pytest.approx(400 / 3)


def test_a_result_without_a_face_is_left_out_of_the_landmarks_drift() -> None:
    here = np.zeros((68, 2), np.float32)
    gone: FloatArray = np.full_like(here, np.nan)
    assert change_between([[here, here]], [[here + 2, gone]], akd) == 2
    assert np.isnan(change_between([[here]], [[gone]], akd))


def test_one_loop_has_no_noise_to_measure() -> None:
    with pytest.raises(InputError, match="1 loops"):
        change_within(noisy_loops(0, loops=1), level_distance)


def test_a_film_that_blurs_loses_sharpness_and_one_that_fades_changes_colour() -> None:
    sharp = [pixels for loop in noisy_loops(0) for pixels in loop]
    flat = [np.full_like(pixels, 120) for pixels in sharp]
    half = [((pixels.astype(int) + 120) // 2).astype(np.uint8) for pixels in sharp]
    assert sharpness_ratio(sharp, sharp) == 1
    assert sharpness_ratio(sharp, half) == pytest.approx(0.25, rel=0.1)
    assert np.isnan(sharpness_ratio(flat, sharp))
    redder = [pixels + np.array([6, 0, 0], np.uint8) for pixels in sharp]
    assert colour_change(sharp, redder) == pytest.approx(2)


def test_what_moved_once_does_not_stand_still_and_a_camera_s_noise_does() -> None:
    film = np.random.default_rng(0).integers(99, 102, (50, 16, 16, 3)).astype(np.uint8)
    film[20, :4] += 60
    still = still_places(list(film))
    assert not still[:4].any() and still[4:].all()
    with pytest.raises(InputError, match="without pictures"):
        still_places([])


def test_flicker_is_the_mean_change_where_it_is_looked_for() -> None:
    before = np.full((8, 8, 3), 100, np.uint8)
    now = before.copy()
    now[:4] = 110
    upper = np.zeros((8, 8), np.bool_)
    upper[:4] = True
    assert change_of_neighbours(before, now, upper) == 10
    assert change_of_neighbours(before, now, ~upper) == 0
    assert change_of_neighbours(before, now, np.ones_like(upper)) == 5
    assert np.isnan(change_of_neighbours(before, now, np.zeros_like(upper)))
    with pytest.raises(InputError, match="one size"):
        change_of_neighbours(before, now, upper[:4])
