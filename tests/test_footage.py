"""The still square around a head, and the person that a clip shows."""

import numpy as np
import pytest
from face_samples import identity, measured

from pechead_live.facemodel.fit import DEFAULT_FIT, fit
from pechead_live.facemodel.model import load_face_model
from pechead_live.footage.cut import cut
from pechead_live.footage.person import settled_person
from pechead_live.footage.points import to_pixels
from pechead_live.footage.square import GROWTH, SIDE, Box, Square, box_around, square_around


def test_picture_coordinates_span_the_shorter_side_between_pixel_centres() -> None:
    corners = np.array([[-1, -1, 9], [1, 1, 9], [0, 0, 9]], np.float32)
    assert to_pixels(corners, 256, 256).tolist() == [[0, 0], [255, 255], [127.5, 127.5]]
    assert to_pixels(corners, 640, 360).tolist() == [[140, 0], [499, 359], [319.5, 179.5]]


def test_a_box_holds_every_point_and_no_more():
    points = np.array([[-0.5, 0, 0], [0.25, -1, 0], [0, 0.5, 0]], np.float32)
    assert box_around(points, 257, 257) == Box(64, 0, 160, 192)


def test_the_square_holds_every_box_and_room_for_the_hair():
    left, top, side = square_around([Box(200, 200, 300, 300), Box(240, 180, 340, 280)], 640, 480)
    assert side == int(GROWTH * 140)
    assert left < 200 and left + side > 340
    assert 180 - top > (top + side) - 300  # more room above than below


@pytest.mark.parametrize("side", [97, 256, 400])
def test_what_is_cut_out_is_the_square_at_256_pixels(side: int):
    pixels = np.zeros((420, 420, 3), np.uint8)
    pixels[10 : 10 + side, 20 : 20 + side] = 200
    inside = cut(pixels, Square(20, 10, side))
    assert inside.shape == (SIDE, SIDE, 3)
    assert inside.min() == inside.max() == 200


def test_a_person_is_settled_on_all_the_frames_given_and_stays():
    model, person = load_face_model(), identity(4)
    first = DEFAULT_FIT.calibration_frames
    seen = [measured(model, person=person, yaw=yaw) for yaw in np.linspace(-20, 20, first)]
    other = measured(model, person=identity(5))
    settled = settled_person(seen)
    found, after = fit(other, model, settled, captured_at=0.0)
    assert settled.identity[:6] == pytest.approx(person[:6], abs=0.2)
    assert np.array_equal(after.identity, settled.identity)
    assert np.array_equal(found.identity, settled.identity)
    more = settled_person([*seen, other])
    assert not np.array_equal(more.identity, settled.identity)
