"""Lids that shut: skin over the stretched photo, one line of lashes over the seam, eyes alike."""

import numpy as np
import pytest
from still_samples import astronaut

from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.eyeball import UNSEEN, Eyeball
from pechead_live.renderer.lids import draw_lashes, draw_lid, shut_of
from pechead_live.renderer.openings import EYES, find_openings

SKIN = np.array((200, 150, 130), np.float32)
RADIUS = 12.0


def edge(y: float) -> FloatArray:
    """(9, 2) an upper edge, 60 pixels long, whose middle is 10 above its corners at ``y`` = 0."""
    x = np.linspace(20, 80, 9)
    return np.stack([x, 40 - (10 - y) * np.sin(np.pi * (x - 20) / 60)], axis=1).astype(np.float32)


def lower_edge() -> FloatArray:
    return edge(20)


def grey() -> Pixels:
    return np.full((80, 100, 3), 60, np.uint8)


@pytest.mark.parametrize(("down", "shut"), [(0, 0), (10, 0.5), (20, 1), (25, 1), (-5, 0)])
def test_a_lid_is_as_shut_as_its_edge_has_come_down(down: float, shut: float) -> None:
    assert shut_of(edge(down), edge(0), lower_edge()) == pytest.approx(shut, abs=0.01)


def test_an_open_eye_is_left_alone() -> None:
    region = grey()
    draw_lid(region, edge(0), edge(0), RADIUS, 0.0, SKIN)
    draw_lashes(region, edge(0), RADIUS, 0.0, SKIN)
    assert (region == 60).all()


def test_a_shut_lid_is_skin_from_the_crease_to_the_edge_and_nothing_beyond() -> None:
    region = grey()
    draw_lid(region, edge(20), edge(0), RADIUS, 1.0, SKIN)
    column = region[:, 50].astype(int)
    assert np.abs(column[45] - SKIN).max() < 50
    assert (column[52:] == 60).all() and (column[:24] == 60).all()
    assert (np.diff(column[25:46], axis=0) >= -2).all(), "it grows from the crease on"
    assert (region[:, :19] == 60).all() and (region[:, 82:] == 60).all()


def test_lashes_are_one_unbroken_line_along_the_edge() -> None:
    region = np.full((80, 100, 3), 230, np.uint8)
    draw_lashes(region, edge(20), RADIUS, 1.0, np.array((30, 25, 25), np.float32))
    darkest = region[:, 35:66].max(axis=2).min(axis=0)
    assert darkest.max() < 110
    rows = region[:, 35:66, 0].argmin(axis=0)
    wanted = np.interp(np.arange(35, 66), *edge(20).T)
    assert np.abs(rows - wanted).max() <= 1.5
    assert ((region < 200).any(axis=2).sum(axis=0) <= 6).all()


def test_eyes_of_the_bundled_portrait_shut_without_a_gap() -> None:
    shut = astronaut().rest.with_expressions({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    guide = AnalyticRenderer(astronaut(), 512, 512).guide(shut)
    for first, last in ((36, 39), (42, 45)):
        corners = (guide.landmarks[[first, last]] + 1) * 255.5
        left, right = sorted(int(x) for x in corners[:, 0])
        middle = int(corners[:, 1].mean())
        eye = guide.picture[middle - 15 : middle + 15, left + 8 : right - 8].astype(int)
        line = eye.sum(axis=2).min(axis=0)
        assert (line < 0.8 * np.median(eye.sum(axis=2))).all(), "lashes from end to end"


@pytest.mark.parametrize(("opened", "painted"), [((2.0, 2.0), True), ((12.0, 2.0), False)])
def test_eyes_that_show_only_lashes_are_painted(opened: tuple[float, float], painted: bool) -> None:
    points = np.zeros((478, 2), np.float32)
    for (upper, lower, iris), left, bowed in zip(EYES, (30, 130), opened, strict=True):
        x = np.linspace(left, left + 50, 9)
        bow = bowed * np.sin(np.pi * np.linspace(0, 1, 9))
        points[list(upper)] = np.stack([x, 60 - bow], axis=1)
        points[list(lower)] = np.stack([x, 60 + bow], axis=1)
        points[iris] = (left + 25, 60)
        ring = ((9, 0), (0, 9), (-9, 0), (0, -9))
        points[iris + 1 : iris + 5] = points[iris] + np.array(ring)
    points[[0, 13, 14]] = (100, 120)
    green = np.full((160, 220, 3), (40, 160, 60), np.uint8)
    eyes = [opening.behind for opening in find_openings(green, points)[:2]]
    for eye in eyes:
        assert isinstance(eye, Eyeball)
        x, y = np.round(eye.centre + np.array([0.6 * eye.radius, 0])).astype(int)
        brown = np.abs(eye.seen[y, x] - np.array(UNSEEN[5])).max() < 25
        assert brown == painted
