"""The label in pictures that leave the machine."""

import numpy as np
import pytest

from pechead_live.sink.label import draw_label


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (720, 1280), (1280, 720), (97, 131)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_it_is_small_readable_and_at_the_bottom_left(size: tuple[int, int], level: int):
    pixels = np.full((*size, 3), level, np.uint8)
    changed = (draw_label(pixels) != pixels).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() > size[0] * 0.85 and columns.max() < size[1] * 0.2
    assert 0.0003 < changed.mean() < 0.01  # on black only the letters change it
    inside = draw_label(pixels)[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert int(inside.max()) - int(inside.min()) > 120  # letters stand out on any ground


def test_the_picture_below_shines_through():
    dark, bright = (draw_label(np.full((256, 256, 3), v, np.uint8)) for v in (0, 255))
    box = draw_label(np.full((256, 256, 3), 255, np.uint8)) < 200
    assert box.any() and ((bright.astype(int) - dark)[box] > 20).all()


def test_the_picture_itself_is_left_as_it_was():
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    before = pixels.copy()
    draw_label(pixels)
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("size", [(1, 1), (4, 40), (40, 4), (9, 9), (24, 24)])
def test_a_tiny_picture_does_no_harm(size: tuple[int, int]):
    assert draw_label(np.zeros((*size, 3), np.uint8)).shape == (*size, 3)
