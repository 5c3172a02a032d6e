"""The mouth's inside: teeth where a mouth has them, a jaw that goes down, the photo's own kept."""

from dataclasses import replace

import numpy as np
import pytest
from still_samples import astronaut

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.topology import (
    LEFT_IRIS,
    LOWER_INNER_LIP,
    RIGHT_IRIS,
    UPPER_INNER_LIP,
)
from pechead_live.frame import Pixels
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.mouth import LOWERED, Mouth, opened_mouth, paint_mouth
from pechead_live.renderer.teeth import LOWER, UPPER, Row, teeth

PIXEL = 0.5
STILL = np.zeros(2, np.float32)


def plane() -> tuple[FloatArray, FloatArray]:
    """x and y, millimetres: -40 to 40 across, -20 to 20 down."""
    x, y = np.meshgrid(np.arange(-40, 40, PIXEL), np.arange(-20, 20, PIXEL))
    return x.astype(np.float32), y.astype(np.float32)


@pytest.mark.parametrize("row", [UPPER, LOWER])
def test_a_row_has_crowns_below_its_gum_and_ends_at_its_last_tooth(row: Row) -> None:
    x, y = plane()
    painted = teeth(row, x, y, PIXEL)
    assert all(part.dtype == np.float32 and np.isfinite(part).all() for part in painted)
    assert (painted.tooth + painted.gum <= 1.0001).all()
    middle = painted.tooth[:, np.abs(x[0]) < 4]
    height = PIXEL * middle.sum(axis=0).max()
    assert 7 < height < 11
    assert painted.tooth[y > PIXEL].max() == 0
    assert painted.tooth[np.abs(x) > 33].max() == 0
    assert np.array_equal(painted.tooth[:, 1:], painted.tooth[:, :0:-1])


def test_teeth_are_told_apart_by_darker_lines() -> None:
    x, y = plane()
    row = teeth(UPPER, x, y, 0.2).shade[int(15 / PIXEL)]
    middle, side = row[x[0] == 4][0], row[x[0] == 23][0]
    assert row[x[0] == 0][0] < 0.8 * middle
    assert side < middle


def face(gap: float = 0.0) -> tuple[Pixels, FloatArray]:
    """A plain patch with lips 50 mm wide at 2 pixels a millimetre, ``gap`` pixels apart."""
    points = np.zeros((478, 2), np.float32)
    points[[RIGHT_IRIS, LEFT_IRIS]] = (37, -60), (163, -60)
    across = np.linspace(50, 150, len(UPPER_INNER_LIP))
    lift = gap / 2 * np.sin(np.linspace(0, np.pi, len(across)))
    points[list(UPPER_INNER_LIP)] = np.stack([across, 40 - lift], axis=1)
    points[list(LOWER_INNER_LIP)] = np.stack([across, 40 + lift], axis=1)
    patch = np.full((140, 200, 3), (190, 146, 128), np.uint8)
    if gap:
        patch[int(41 - gap / 2) : int(40 + gap / 2), 60:140] = (240, 239, 236)
    return patch, points


def whole(mouth: Mouth, moved: FloatArray) -> FloatArray:
    return opened_mouth(mouth, moved, (0, 0), (200, 140))


def rows_of_teeth(mouth: Mouth, moved: FloatArray) -> list[int]:
    """Rows of the middle column that are as bright as teeth."""
    column = whole(mouth, moved)[:, 104].mean(axis=1)
    return [int(y) for y in np.flatnonzero(column > 100)]


def test_a_lowered_jaw_takes_the_lower_teeth_along_and_leaves_the_upper() -> None:
    mouth = paint_mouth(*face())
    drop = 30.0
    shut, opened = (
        rows_of_teeth(mouth, STILL),
        rows_of_teeth(mouth, np.array([0, drop], np.float32)),
    )
    assert min(shut) == min(opened)
    assert max(opened) - max(shut) == pytest.approx(LOWERED * drop, abs=1)
    between = np.diff(opened).max()
    assert between > 0.8 * LOWERED * drop
    inside = whole(mouth, np.array([0, drop], np.float32))
    assert inside.shape == (140, 200, 3) and inside.min() >= 0 and inside.max() <= 255


def test_a_part_is_the_same_as_in_the_whole() -> None:
    mouth, moved = paint_mouth(*face()), np.array([3.3, 20], np.float32)
    part = opened_mouth(mouth, moved, (60, 30), (140, 100))
    assert np.allclose(part, whole(mouth, moved)[30:100, 60:140], atol=1)


def test_what_the_photo_shows_stays_and_colours_the_lower_teeth() -> None:
    patch, points = face(gap=16)
    mouth = paint_mouth(patch, points)
    inside = whole(mouth, np.array([0, 40], np.float32))
    assert np.abs(inside[38:42, 80:120] - patch[38:42, 80:120]).max() < 2
    lower = inside[100:112, 100:104].reshape(-1, 3).max(axis=0)
    assert lower.max() - lower.min() < 40, "as white as the photo's own"


def test_darker_light_darkens_the_whole_mouth() -> None:
    patch, points = face()
    light, dark = (whole(paint_mouth(pixels, points), STILL) for pixels in (patch, patch // 3))
    assert dark.mean() < 0.7 * light.mean()


def spoken(**expressions: float) -> Coefficients:
    return replace(astronaut().rest).with_expressions(expressions)


def test_an_open_mouth_shows_light_teeth_and_a_dark_cavity() -> None:
    """Of the bundled portrait, between its driven inner lips."""
    guide = AnalyticRenderer(astronaut(), 512, 512).guide(spoken(jawOpen=0.8))
    inner = (guide.landmarks[60:68] + 1) * 255.5
    left, right = inner[:, 0].min() + 12, inner[:, 0].max() - 12
    top, bottom = inner[:, 1].min() + 3, inner[:, 1].max() - 3
    mouth = guide.picture[int(top) : int(bottom), int(left) : int(right)].mean(axis=2)
    assert np.percentile(mouth, 90) > 130 and np.percentile(mouth, 20) < 60
