"""The temporal warp error with planted motion, by hand and with real optical flow."""

import math

import cv2
import numpy as np
import pytest

from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.warp_error import FrameFlow, frame_flow, warp_error
from pechead_live.frame import Pixels

SIDE = 96


def texture(seed: int = 0, side: int = SIDE + 16) -> Pixels:
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    return np.clip((soft - 127) * 6 + 127, 0, 255).astype(np.uint8)


def moved(by: int, seed: int = 0) -> Pixels:
    """(96, 96, 3) a window on one texture, whose content lies ``by`` pixels to the right."""
    return np.ascontiguousarray(texture(seed)[8 : 8 + SIDE, 8 - by : 8 - by + SIDE])


def still(height: int, width: int) -> FrameFlow:
    """Nothing moved, all is seen."""
    row, column = np.mgrid[:height, :width].astype(np.float32)
    return FrameFlow(np.stack([column, row], axis=-1), np.ones((height, width), np.bool_))


def plain(value: int) -> Pixels:
    return np.full((2, 4, 3), value, np.uint8)


def test_without_motion_it_is_the_mean_difference() -> None:
    assert warp_error(plain(10), plain(61), still(2, 4)) == pytest.approx(51 / 255)


def test_what_moved_along_the_flow_is_no_error() -> None:
    before = np.zeros((2, 4, 3), np.uint8)
    before[:, 1] = 255
    now = np.roll(before, 1, axis=1)
    flow = still(2, 4)
    flow.before[..., 0] -= 1  # everything came from one pixel further left
    assert warp_error(before, now, flow) == 0
    assert warp_error(before, now, still(2, 4)) == pytest.approx(0.5)


def test_only_places_seen_in_both_frames_count() -> None:
    now = plain(10)
    now[:, 3] = 112
    flow = still(2, 4)
    assert warp_error(plain(10), now, flow) == pytest.approx(0.1)
    flow.seen[:, 3] = False
    assert warp_error(plain(10), now, flow) == 0
    flow.seen[:] = False
    assert math.isnan(warp_error(plain(10), now, flow))


def test_a_planted_shift_is_found() -> None:
    flow = frame_flow(moved(0), moved(3))
    shift = flow.before - still(SIDE, SIDE).before
    inside = shift[12:-12, 12:-12]
    assert np.abs(np.median(inside, axis=(0, 1)) - (-3, 0)).max() < 0.2
    assert flow.seen[12:-12, 12:-12].mean() > 0.9
    assert not flow.seen[:, 0].any()  # came in from outside


def test_what_comes_in_by_half_a_pixel_is_not_judged_either() -> None:
    shift = np.array([[1, 0, 0.6], [0, 1, 0]], np.float32)
    now = cv2.warpAffine(texture(), shift, texture().shape[:2], borderMode=cv2.BORDER_REPLICATE)
    before, now = (np.ascontiguousarray(x[8:-8, 8:-8]) for x in (texture(), now))
    seen = frame_flow(before, now).seen
    assert seen[:, 0].mean() < 0.2 < 0.9 < seen[:, 2:-2].mean()


def test_what_a_moving_thing_uncovers_is_not_judged() -> None:
    before, now = moved(0), moved(0)
    before[32:64, 32:64] = texture(7)[:32, :32]
    now[32:64, 42:74] = texture(7)[:32, :32]
    seen = frame_flow(before, now).seen
    assert seen[34:62, 33:40].mean() < 0.4 < 0.9 < seen[70:].mean()


def test_flicker_and_lag_are_worse_than_following() -> None:
    flow = frame_flow(moved(0), moved(3))
    following = warp_error(moved(0, seed=1), moved(3, seed=1), flow)
    lagging = warp_error(moved(0, seed=1), moved(0, seed=1), flow)
    dimmed = (moved(3, seed=1) * 0.7).astype(np.uint8)
    assert following < 0.03 < lagging
    assert warp_error(moved(0, seed=1), dimmed, flow) > 2 * following


def test_pictures_of_other_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="two of one clip"):
        warp_error(plain(0), np.zeros((2, 5, 3), np.uint8), still(2, 4))
    with pytest.raises(InputError, match="scale them to the truth"):
        warp_error(plain(0), plain(0), still(4, 4))
    with pytest.raises(InputError, match="32 pixels"):
        frame_flow(plain(0), plain(0))
