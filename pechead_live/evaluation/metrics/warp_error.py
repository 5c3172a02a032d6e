"""Temporal warp error: does the result flicker where the truth moves smoothly.

The optical flow of the truth carries the generated picture of before onto the one of now; what
then differs was not motion (Lai et al. 2018, *Learning blind video temporal consistency*). A still
or blurred picture flickers least, less than the truth with its noise: read it beside the truth's
own error and beside AKD, never alone.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.pixels import Mask
from pechead_live.frame import Pixels, check_pixels

SMALLEST = 32
"""Pixels each way: DIS needs a pyramid of a few steps."""

_SHARE, _SLACK = 0.01, 0.5
"""A place is seen in both frames if |there + back|^2 < share * (|there|^2 + |back|^2) + slack,
pixels^2 (Sundaram, Brox, Keutzer 2010)."""


class FrameFlow(NamedTuple):
    """How the truth moved from one frame to the next."""

    before: npt.NDArray[np.float32]
    """(H, W, 2) pixels (x, y): where each place of now was in the frame before."""

    seen: Mask
    """(H, W) True where that place is visible in both."""


def frame_flow(before: Pixels, now: Pixels) -> FrameFlow:
    """Flow of two consecutive frames of the truth, OpenCV's DIS (Kroeger et al. 2016)."""
    _check_pair(before, now)
    if min(now.shape[:2]) < SMALLEST:
        raise InputError(f"a frame of {now.shape[:2]}: optical flow needs {SMALLEST} pixels")
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey_before, grey_now = (cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (before, now))
    back = np.asarray(search.calc(grey_now, grey_before, None), np.float32)  # pyright: ignore
    there = np.asarray(search.calc(grey_before, grey_now, None), np.float32)  # pyright: ignore
    height, width = grey_now.shape
    row, column = np.mgrid[:height, :width].astype(np.float32)
    places = np.stack([column, row], axis=-1) + back
    returned = cv2.remap(there, places, None, cv2.INTER_LINEAR)  # pyright: ignore
    inside = ((places >= 0) & (places <= (width - 1, height - 1))).all(axis=-1)
    lengths = _square(back) + _square(returned)
    seen = inside & (_square(back + returned) < _SHARE * lengths + _SLACK)
    return FrameFlow(places, seen)


def warp_error(before: Pixels, now: Pixels, flow: FrameFlow) -> float:
    """Mean absolute difference, [0, 1], of the generated picture of ``now`` and that of ``before``
    carried along ``flow``, over the places seen in both; NaN when there are none.

    ``before`` and ``now`` are consecutive and of the truth's size; the truth's own pictures give
    the floor.
    """
    _check_pair(before, now)
    if now.shape[:2] != flow.seen.shape:
        raise InputError(
            f"pictures of {now.shape[:2]} and flow of {flow.seen.shape}: scale them to the truth"
        )
    if not flow.seen.any():
        return float("nan")
    carried = cv2.remap(before, flow.before, None, cv2.INTER_LINEAR)  # pyright: ignore
    difference = cv2.absdiff(carried, now).mean(axis=2, dtype=np.float64) / 255
    return float(difference[flow.seen].mean())


def _square(vectors: FloatArray) -> FloatArray:
    return (vectors**2).sum(axis=-1)


def _check_pair(before: Pixels, now: Pixels) -> None:
    check_pixels(before)
    check_pixels(now)
    if before.shape != now.shape:
        raise InputError(f"frames of {before.shape} and {now.shape}: give two of one clip")
