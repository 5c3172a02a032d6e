"""Eyeballs: an iris that goes leaves white behind, and a shut eye gets one that can be shown."""

import numpy as np
import pytest

from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels
from pechead_live.renderer.eyeball import is_shut, paint_eyeball, turned_eyeball

HEIGHT, WIDTH, RADIUS = 40, 80, 8.0
SKIN = np.array([200, 160, 140], np.float32)
IRIS, SCLERA = np.array([60, 40, 20]), np.array([220, 220, 225])


def _eye(centre: tuple[float, float], gap: int) -> tuple[Pixels, np.ndarray, FloatArray]:
    """A drawn eye, where it is open, and the place of its iris."""
    patch = np.broadcast_to(SKIN.astype(np.uint8), (HEIGHT, WIDTH, 3)).copy()
    known = np.zeros((HEIGHT, WIDTH), np.uint8)
    known[HEIGHT // 2 - gap : HEIGHT // 2 + gap, 8:-8] = 255
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    iris = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= RADIUS**2
    patch[known > 0] = SCLERA
    patch[(known > 0) & iris] = IRIS
    return patch, known, np.array(centre, np.float32)


def test_an_iris_that_does_not_move_leaves_the_photo_as_it_is() -> None:
    patch, known, centre = _eye((40, 20), 10)
    eye = paint_eyeball(patch, known, centre, RADIUS, SKIN)
    turned = turned_eyeball(eye, np.zeros(2, np.float32))
    assert np.array_equal(turned[known > 0], patch[known > 0])


def test_a_gaze_from_one_side_to_the_other_shows_one_iris() -> None:
    patch, known, centre = _eye((20, 20), 10)
    eye = paint_eyeball(patch, known, centre, RADIUS, SKIN)
    turned = turned_eyeball(eye, np.array([38, 0], np.float32)).astype(int)
    assert np.abs(turned[20, 58] - IRIS).max() < 30
    assert np.abs(turned[14:26, 14:26] - SCLERA).max() < 40
    dark = (turned.max(axis=2) < 120) & (known > 0)
    assert 0.7 < dark.sum() / (np.pi * RADIUS**2) < 1.2


def test_between_a_small_and_a_large_shift_there_is_no_jump() -> None:
    patch, known, centre = _eye((30, 20), 10)
    eye = paint_eyeball(patch, known, centre, RADIUS, SKIN)
    steps = [
        turned_eyeball(eye, np.array([s, 0], np.float32)).astype(int)[known > 0].mean()
        for s in np.linspace(0, 2 * RADIUS, 65)
    ]
    assert np.abs(np.diff(steps)).max() < 1.5


def test_a_shut_eye_opens_to_white_and_not_to_its_lashes() -> None:
    patch, known, centre = _eye((40, 20), 2)
    patch[known > 0] = (50, 30, 25)
    eye = paint_eyeball(patch, np.zeros_like(known), centre, RADIUS, SKIN)
    row = eye.seen[20].astype(int)
    assert row[12:28].min() > 120
    assert row[36:44].max() < 120


@pytest.mark.parametrize(("half_height", "shut"), [(2, True), (10, False)])
def test_an_eye_is_shut_when_its_opening_is_lower_than_half_its_iris(
    half_height: float, shut: bool
) -> None:
    turn = np.linspace(0, 2 * np.pi, 33)
    outline = np.stack([40 + 30 * np.cos(turn), 20 + half_height * np.sin(turn)], axis=1)
    assert is_shut(outline.astype(np.float32), RADIUS) == shut
