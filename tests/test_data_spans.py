"""Chunks of prepared data: where a head is followed, and the square of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pechead_live.footage.looks import LOOK_EVERY, Looks
from pechead_live.footage.square import Box, square_around
from pechead_live.training.data.spans import overlap, spans


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


def test_overlap_is_1_on_itself_and_0_beside_it():
    assert overlap(head(0), head(0)) == pytest.approx(1)
    assert overlap(head(0), head(100)) == 0
    assert overlap(head(0), head(50)) == pytest.approx(1 / 3)
