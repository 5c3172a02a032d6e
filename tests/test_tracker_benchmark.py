"""What `benchmarks.tracker` says of two tracks."""

from dataclasses import replace

import pytest
from motion_samples import face

from benchmarks.tracker import comparison, over_clips, shake
from pechead_live.expressions import EXPRESSION_INDEX


def test_a_track_does_not_differ_from_itself():
    track = [face(yaw=5, jawOpen=0.3), None, face(x=0.2)]
    found = comparison(track, track)
    assert (found["frames"], found["both"], found["reconstructor_faces"]) == (3, 2, 2)
    assert max(value for name, value in found.items() if "percent" in name) == 0
    assert found["rotation_degrees"] == pytest.approx(0, abs=1e-3)
    assert found["expression"] == 0


def test_differences_are_those_that_were_put_in():
    truth = [face(scale=0.5)] * 2
    found = comparison(truth, [face(yaw=10, x=0.05, scale=0.5, jawOpen=0.52)] * 2)
    assert found["rotation_degrees"] == pytest.approx(10, abs=0.01)
    assert found["place_percent"] == pytest.approx(10, abs=0.01)
    assert found["expression"] == pytest.approx(0.52 / len(EXPRESSION_INDEX), abs=1e-4)
    assert found["expression_mouth"] > found["expression"] > found["expression_lids"] == 0
    moved = comparison(
        truth, [replace(each, translation=each.translation + 0.05) for each in truth]
    )
    assert moved["landmarks_percent"] == pytest.approx(100 * 2**0.5 * 0.05 / 0.5, rel=0.02)


def test_an_offset_is_still_followed_and_the_opposite_is_not():
    jaws = [0.1, 0.5, 0.2, 0.6]
    truth = [face(jawOpen=jaw) for jaw in jaws]
    assert comparison(truth, [face(jawOpen=jaw / 2 + 0.1) for jaw in jaws])[
        "expression_correlation"
    ] == pytest.approx(1)
    opposite = comparison(truth, [face(jawOpen=1 - jaw) for jaw in jaws])
    assert opposite["expression_correlation"] == pytest.approx(-1)
    assert opposite["expression_of_a_still_face"] == pytest.approx(0.2 / 52, abs=1e-4)
    assert "expression_correlation" not in comparison([face()] * 3, [face(jawOpen=0.2)] * 3)


def test_only_frames_that_both_saw_are_compared():
    found = comparison([face(), face(), None], [None, face(yaw=4), face(yaw=40)])
    assert found["both"] == 1
    assert found["rotation_degrees"] == pytest.approx(4, abs=0.01)


def test_clips_without_a_face_count_and_do_not_spoil_the_mean():
    seen = comparison([face()], [face(yaw=6)])
    mean = over_clips([seen, comparison([None], [None])])
    assert mean["frames"] == 2
    assert mean["rotation_degrees"] == seen["rotation_degrees"]


def test_even_motion_does_not_shake_and_trembling_does():
    even = [face(x=0.01 * i, scale=0.5) for i in range(5)]
    trembling = [face(x=0.01 * (i % 2), scale=0.5) for i in range(5)]
    assert shake(even) == pytest.approx(0, abs=1e-3)
    assert shake(trembling) == pytest.approx(100 * 0.02 / 0.5, rel=0.02)
    assert shake(even[:2]) == 0
