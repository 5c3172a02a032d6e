"""Chunks and squares of prepared data: where a head is followed, and what is cut out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pechead_live.training.data.chunk import SIDE
from pechead_live.training.data.crop import (
    GROWTH,
    LOOK_EVERY,
    Box,
    Looks,
    Square,
    cut,
    overlap,
    spans,
    square_around,
)


def looks_at(boxes: list[Box | None], width: int = 640, height: int = 480) -> Looks:
    """A clip of which the last look shows its last frames."""
    places = {LOOK_EVERY * i: box for i, box in enumerate(boxes)}
    return Looks(places, LOOK_EVERY * len(boxes), width, height)


def head(x: float, y: float = 200, side: float = 100) -> Box:
    return Box(x, y, x + side, y + side)


def frames_of(looks: Looks, longest: int = 1000) -> list[tuple[int, int]]:
    return [(span.first, span.end) for span in spans(looks, longest)]


def test_a_head_that_stays_is_one_chunk_of_the_whole_clip():
    assert frames_of(looks_at([head(200), head(210), head(205)])) == [(0, 12)]


def test_a_head_that_leaves_its_first_place_begins_a_new_chunk():
    wandering = [head(200), head(230), head(255), head(300), head(320)]
    assert overlap(head(200), head(255)) > 0.25 > overlap(head(200), head(300))
    assert frames_of(looks_at(wandering)) == [(0, 12), (12, 20)]


def test_frames_without_a_face_are_in_no_chunk():
    assert frames_of(looks_at([None, head(200), None, None, head(200), head(200)])) == [
        (4, 8),
        (16, 24),
    ]
    assert frames_of(looks_at([None, None])) == []


def test_a_long_clip_is_cut_into_chunks_of_about_the_same_length():
    lengths = [b - a for a, b in frames_of(looks_at([head(200)] * 26), longest=50)]
    assert lengths == [35, 35, 34]


def test_each_piece_of_a_long_clip_has_the_square_of_its_own_boxes():
    drifting = looks_at([head(200)] * 5 + [head(240)] * 5)
    first, second = spans(drifting, 20)
    assert first.square == square_around([head(200)], 640, 480)
    assert second.square == square_around([head(240)], 640, 480)


def test_a_piece_that_was_never_looked_at_keeps_the_square_before_it():
    assert {span.square for span in spans(looks_at([head(200)]), 2)} == {
        square_around([head(200)], 640, 480)
    }


@given(
    boxes=st.lists(
        st.none() | st.builds(head, st.floats(0, 500), st.floats(0, 350), st.floats(20, 130)),
        max_size=30,
    ),
    longest=st.integers(2, 40),
)
def test_chunks_come_in_order_do_not_overlap_and_lie_within_the_picture(
    boxes: list[Box | None], longest: int
):
    looks = looks_at(boxes)
    end = 0
    for span in spans(looks, longest):
        assert end <= span.first < span.end <= looks.length
        assert span.end - span.first <= longest
        left, top, side = span.square
        assert left >= 0 and top >= 0 and left + side <= 640 and top + side <= 480
        end = span.end
    seen = {place for place, box in looks.boxes.items() if box is not None}
    covered = {p for span in spans(looks, longest) for p in range(span.first, span.end)}
    assert seen <= covered


def test_the_square_holds_every_box_and_room_for_the_hair():
    left, top, side = square_around([head(200), head(240, 180)], 640, 480)
    assert side == int(GROWTH * 140)
    assert left < 200 and left + side > 340
    assert 180 - top > (top + side) - 300  # more room above than below


def test_overlap_is_1_on_itself_and_0_beside_it():
    assert overlap(head(0), head(0)) == pytest.approx(1)
    assert overlap(head(0), head(100)) == 0
    assert overlap(head(0), head(50)) == pytest.approx(1 / 3)


@pytest.mark.parametrize("side", [97, 256, 400])
def test_what_is_cut_out_is_the_square_at_256_pixels(side: int):
    pixels = np.zeros((420, 420, 3), np.uint8)
    pixels[10 : 10 + side, 20 : 20 + side] = 200
    inside = cut(pixels, Square(20, 10, side))
    assert inside.shape == (SIDE, SIDE, 3)
    assert inside.min() == inside.max() == 200
