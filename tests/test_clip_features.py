"""eFVD's windows: what a window is described by, and what it notices."""

import numpy as np
import pytest

from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.clip_features import WINDOW, clip_features, window_features


def counting(frames: int) -> np.ndarray:
    """(frames, 2): one number counts the frames, one stands still."""
    return np.stack([np.arange(frames), np.full(frames, 7)], axis=1).astype(np.float32)


def test_a_window_is_its_mean_its_deviation_and_its_change() -> None:
    # 0..15: mean 7.5, variance (16^2 - 1) / 12, a step of 1 a frame
    assert window_features(counting(WINDOW)) == pytest.approx([7.5, 7, np.sqrt(255 / 12), 0, 1, 0])


def test_frames_in_another_order_change_the_change_alone() -> None:
    features = counting(WINDOW)
    shaken = features[[*range(0, WINDOW, 2), *range(1, WINDOW, 2)]]
    calm, restless = window_features(features), window_features(shaken)
    assert restless[:4] == pytest.approx(calm[:4])
    assert restless[4] > calm[4]


def test_windows_do_not_overlap_and_a_rest_is_left_out() -> None:
    rows = clip_features(counting(2 * WINDOW + 5))
    assert rows.shape == (2, 6)
    assert rows[:, 0] == pytest.approx([7.5, 23.5])


def test_a_clip_that_is_too_short_is_refused() -> None:
    with pytest.raises(InputError, match="clip of 15 pictures"):
        clip_features(counting(WINDOW - 1))
    with pytest.raises(InputError, match="window is 16"):
        window_features(counting(WINDOW + 1))
