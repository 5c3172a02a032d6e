"""Blinks that close, lids that go together, lips that stay shut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from motion_samples import face, score

from pechead_live.coefficients import Coefficients
from pechead_live.motion import MotionConfig, initial_motion_state, retarget
from pechead_live.motion.lids import initial_lid_state, shut_lids
from pechead_live.motion.lips import CLOSED, opening, with_closed_lips

RELATIVE = MotionConfig(mode="relative")


def eyes(left: float, right: float | None = None, **others: float) -> Coefficients:
    right = left if right is None else right
    return face(eyeBlinkLeft=left, eyeBlinkRight=right, **others)


def lids(drivers: list[Coefficients], rest: Coefficients, config: MotionConfig = RELATIVE):
    """(T, 2) the avatar's left and right eyeBlink."""
    state, result = initial_motion_state(), []
    for i, driver in enumerate(drivers):
        moved = Coefficients(expression=driver.expression, captured_at=i / 25)
        avatar, state = retarget(moved, rest, state, config)
        result.append((score(avatar, "eyeBlinkLeft"), score(avatar, "eyeBlinkRight")))
    return np.array(result)


def shut_at(value: float, *, opened: float = 0.1) -> float:
    state = initial_lid_state(eyes(opened).expression)
    return float(shut_lids(eyes(value).expression, state)[0][0])


@pytest.mark.parametrize(
    ("value", "measured"),
    [(0.13, 0.03), (0.25, 0.27), (0.37, 0.50), (0.49, 0.65), (0.61, 0.84), (0.67, 0.96)],
)
def test_lids_close_as_measured(value: float, measured: float):
    # Median over people of how far the lid gap had closed; see lids.py.
    assert shut_at(value) == pytest.approx(measured, abs=0.12)


@pytest.mark.parametrize("opened", [0.0, 0.1, 0.33])
def test_above_three_quarters_the_lids_are_shut(opened: float):
    assert shut_at(0.76, opened=opened) == 1.0
    assert shut_at(opened, opened=opened) == 0.0


@given(st.floats(0, 0.35), st.floats(0, 1), st.floats(0, 1))
def test_more_blink_never_opens_the_eye(opened: float, one: float, two: float):
    low, high = sorted((one, two))
    assert shut_at(low, opened=opened) <= shut_at(high, opened=opened) + 1e-9


@pytest.mark.parametrize("own", [0.0, 0.15, 0.3])
def test_a_full_blink_shuts_the_avatar_whatever_its_eyes_and_rests_after(own: float):
    blink = [eyes(b) for b in (0.1, 0.1, 0.5, 0.8, 0.5, 0.1, 0.1)]
    result = lids(blink, eyes(own))
    assert result.max() == 1.0
    assert np.allclose(result[[0, 1, -1]], own, atol=1e-6)


def test_lids_that_differ_a_little_go_together_and_a_wink_stays_a_wink():
    together = lids([eyes(0.1), eyes(0.45, 0.55)], eyes(0))[1]
    assert together[0] == pytest.approx(together[1])
    wink = lids([eyes(0.1), eyes(0.8, 0.2)], eyes(0))[1]
    assert wink[0] == 1.0
    assert wink[1] < 0.2


def test_linking_lids_has_no_step():
    apart = [lids([eyes(0.1), eyes(0.5, r)], eyes(0))[1] for r in np.linspace(0.1, 0.5, 81)]
    assert np.abs(np.diff(apart, axis=0)).max() < 0.06


def test_a_person_whose_blinks_peak_low_gets_full_blinks_after_a_few():
    blink = [eyes(b) for b in (0.05, 0.05, 0.3, 0.52, 0.3, 0.05, 0.05)]
    result = lids(blink * 5, eyes(0))[:, 0]
    assert result[:7].max() < 0.9
    assert result[-7:].max() > 0.95


def test_a_first_frame_with_shut_eyes_is_outgrown():
    result = lids([eyes(0.7)] + [eyes(0.1)] * 25 + [eyes(0.8)], eyes(0.1))
    assert result[0] == pytest.approx(0.1)
    assert result[25] == pytest.approx(0.1, abs=0.1)
    assert result[26].min() == 1.0


def test_half_shut_eyes_for_a_minute_do_not_become_the_open_eyes():
    result = lids([eyes(0.05)] + [eyes(0.45)] * 1500, eyes(0))
    assert result[-1, 0] == pytest.approx(result[1, 0], abs=0.05)


def test_a_portrait_taken_in_a_blink_opens_its_eyes_for_a_calibrated_driver():
    config = MotionConfig(mode="calibrated")
    assert lids([eyes(0.1)] * 30, eyes(0.9), config)[-1, 0] == pytest.approx(0.35)


def test_noise_of_closed_lips_does_not_open_the_avatars_mouth():
    state = initial_motion_state(face())
    driver = face(jawOpen=0.004, mouthUpperUpLeft=0.001)
    avatar, _ = retarget(driver, face(), state, MotionConfig(mode="calibrated"))
    assert score(avatar, "jawOpen") == score(avatar, "mouthUpperUpLeft") == 0


def test_an_open_mouth_is_not_held_back():
    driver = face(jawOpen=0.3, mouthLowerDownLeft=0.2)
    avatar, _ = retarget(driver, face(), initial_motion_state(face()), RELATIVE)
    assert score(avatar, "jawOpen") == pytest.approx(0.3)
    assert score(avatar, "mouthLowerDownLeft") == pytest.approx(0.2)


def test_a_smile_with_teeth_and_a_shut_jaw_stays_open():
    smile = face(mouthUpperUpLeft=0.3, mouthUpperUpRight=0.3, mouthSmileLeft=0.8)
    avatar, _ = retarget(smile, face(), initial_motion_state(face()), RELATIVE)
    assert score(avatar, "mouthUpperUpLeft") == pytest.approx(0.3)


@given(st.floats(0, 0.06), st.floats(0, 0.06))
def test_opening_lips_grow_with_the_drivers(one: float, two: float):
    low, high = sorted((one, two))
    rest = face().expression
    jaws = [
        float(with_closed_lips(e, rest, e)[np.argmax(face(jawOpen=1).expression)])
        for e in (face(jawOpen=low).expression, face(jawOpen=high).expression)
    ]
    assert jaws[0] <= jaws[1] + 1e-7
    if opening(face(jawOpen=low).expression) <= CLOSED:
        assert jaws[0] == 0
