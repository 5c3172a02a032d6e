"""Tests of the layers that a portrait is cut into: background, person's colours."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pechead_live.avatar.matte import CLEARANCE, background_behind, person_colours

SIDE = 320
STRIPES = 8
"""Pixels; finer than what a smooth fill can guess."""


@pytest.fixture(scope="module")
def matte() -> npt.NDArray[np.uint8]:
    """A soft-edged disc."""
    disc = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(disc, (SIDE // 2, SIDE // 2), 90, 255, -1)
    return np.asarray(cv2.GaussianBlur(disc, (0, 0), 1.2), np.uint8)


@pytest.fixture(scope="module")
def plate(matte: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A reddish disc before stripes."""
    bands = (np.arange(SIDE) // STRIPES % 2 * 120 + 60).astype(np.float32)
    behind = np.repeat(np.repeat(bands[None, :, None], SIDE, 0), 3, 2)
    person = np.broadcast_to(np.array([200, 120, 90], np.float32), behind.shape)
    share = matte[..., None] / np.float32(255)
    return (person * share + behind * (1 - share) + 0.5).astype(np.uint8)


def beside(matte: npt.NDArray[np.uint8], nearest: int, farthest: int) -> npt.NDArray[np.bool_]:
    """Pixels ``nearest`` to ``farthest`` pixels outside the matte."""
    distance = cv2.distanceTransform((matte < 8).astype(np.uint8), cv2.DIST_L2, 5)
    return (distance > nearest) & (distance <= farthest)


def test_the_photo_stays_as_it_is_right_beside_the_person(
    plate: npt.NDArray[np.uint8], matte: npt.NDArray[np.uint8]
) -> None:
    background = background_behind(plate, np.full((SIDE, SIDE), 255, np.uint8), matte)
    clearance = SIDE // CLEARANCE
    ring = beside(matte, 2 * clearance, 12)  # a square's corner reaches further than its side
    assert ring.sum() > 3000
    assert np.array_equal(background[ring], plate[ring])


def test_nothing_of_the_person_is_left_in_the_background(
    plate: npt.NDArray[np.uint8], matte: npt.NDArray[np.uint8]
) -> None:
    background = background_behind(plate, np.full((SIDE, SIDE), 255, np.uint8), matte)
    tint = np.ptp(background.astype(int), axis=2)
    assert tint.max() <= 4, "the stripes are grey, the person is red"


def test_person_over_background_gives_the_photo_back(
    plate: npt.NDArray[np.uint8], matte: npt.NDArray[np.uint8]
) -> None:
    inside = np.full((SIDE, SIDE), 255, np.uint8)
    background = background_behind(plate, inside, matte)
    share = matte[..., None] / 255
    person = person_colours(plate, matte, background)
    together = person * share + background * (1 - share)
    error = np.abs(together - plate).max(axis=2)
    assert error[beside(matte, 2 * (SIDE // CLEARANCE), SIDE)].max() < 1
    assert error[matte > 200].max() < 4
    assert error.mean() < 1, "of the soft edge alone, levels"


def test_beside_the_photo_the_background_is_filled(
    plate: npt.NDArray[np.uint8], matte: npt.NDArray[np.uint8]
) -> None:
    inside = np.full((SIDE, SIDE), 255, np.uint8)
    inside[:, :40] = 0
    marked = plate.copy()
    marked[:, :40] = (0, 255, 0)
    background = background_behind(marked, inside, matte)
    tint = np.ptp(background[:, :38].astype(int), axis=2)
    assert tint.max() <= 4, "what lies outside the photo is not in the background"
