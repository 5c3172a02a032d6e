"""What the avatar shows when the face comes and goes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pechead_live.coefficients import Coefficients, euler_from_rotation, rotation_from_euler
from pechead_live.live.blend import blend, smoothstep
from pechead_live.live.idle import BLINK, IdleConfig, blink_at, idle_pose
from pechead_live.live.presence import (
    PresenceConfig,
    PresenceState,
    appear,
    initial_presence_state,
)

CONFIG = PresenceConfig()
REST = Coefficients(translation=np.array([0.1, -0.2], np.float32), scale=0.5).with_expressions(
    {"eyeBlinkLeft": 0.05, "eyeBlinkRight": 0.05, "mouthSmileLeft": 0.2}
)
STEP = 1 / 30


def face(yaw: float = 20.0, at: float = 0.0, **expressions: float) -> Coefficients:
    turned = replace(REST, rotation=rotation_from_euler(yaw, 0, 0), captured_at=at)
    return turned.with_expressions(expressions)


def play(
    script: list[Coefficients | None], state: PresenceState | None = None, first: int = 0
) -> tuple[list[Coefficients], PresenceState]:
    """Shows one entry every 1/30 s, the first as number ``first``."""
    state = state or initial_presence_state(REST, first * STEP)
    shown: list[Coefficients] = []
    for i, measured in enumerate(script):
        coefficients, state = appear(measured, REST, (first + i) * STEP, state, CONFIG)
        shown.append(coefficients)
    return shown, state


def distance(a: Coefficients, b: Coefficients) -> float:
    """Largest difference: expressions, places, and degrees / 50."""
    turn = np.abs(np.subtract(euler_from_rotation(a.rotation), euler_from_rotation(b.rotation)))
    return max(
        float(np.abs(a.expression - b.expression).max()),
        float(np.abs(a.translation - b.translation).max()),
        abs(a.scale - b.scale),
        float(turn.max()) / 50,
    )


def test_before_a_face_was_seen_the_avatar_is_at_rest_and_never_far_from_it():
    shown, _ = play([None] * 600)
    assert distance(shown[0], REST) < 1e-6
    assert max(float(np.abs(np.subtract(s.rotation, REST.rotation)).max()) for s in shown) < 0.06


def test_a_followed_face_is_shown_exactly_and_with_its_own_time():
    faces = [face(at=i * STEP - 0.05, jawOpen=i / 60) for i in range(60)]
    shown, _ = play(list(faces))
    assert shown[40] == faces[40]
    assert [s.captured_at for s in shown] == [f.captured_at for f in faces]


def test_a_face_that_appears_is_taken_up_softly_within_a_third_of_a_second():
    shown, _ = play([face(40, at=i * STEP) for i in range(15)])
    steps = [distance(a, b) for a, b in zip(shown, shown[1:], strict=False)]
    assert distance(shown[0], REST) < 0.01
    assert max(steps) < 0.2
    assert distance(shown[10], face(40)) < 1e-5


def test_a_lost_face_is_held_then_comes_to_rest_then_idles():
    following = [face(30, at=i * STEP, jawOpen=0.5) for i in range(30)]
    shown, _ = play([*following, *[None] * 240])
    lost = shown[30:]
    held = [s for i, s in enumerate(lost) if i * STEP < 0.45]
    assert max(distance(s, replace(following[-1], captured_at=0)) for s in held) < 0.06
    at_rest = lost[round(1.2 / STEP)]
    assert float(np.abs(at_rest.expression - REST.expression).max()) < 0.02
    assert abs(euler_from_rotation(at_rest.rotation)[0]) < 2.5
    later = [euler_from_rotation(s.rotation)[0] for s in lost[60:]]
    assert 0.5 < max(later) - min(later) < 5  # it idles: a still picture would look frozen


def test_single_missed_frames_are_not_noticed():
    script: list[Coefficients | None] = [face(at=i * STEP) for i in range(30)]
    script[20] = script[21] = None
    shown, _ = play(script)
    assert shown[20].captured_at == pytest.approx(20 * STEP)
    assert all(distance(s, face()) < 1e-5 for s in shown[15:])


def test_a_half_blink_never_freezes():
    blinking = [face(at=i * STEP) for i in range(29)]
    blinking.append(face(at=29 * STEP, eyeBlinkLeft=0.6, eyeBlinkRight=0.6))
    shown, _ = play([*blinking, *[None] * 60])
    lids = [float(s.expression[BLINK].max()) for s in shown]
    assert lids[29] == pytest.approx(0.6)
    assert max(lids[35:50]) < 0.06  # open again 0.2 s later, still in the held pose
    assert abs(euler_from_rotation(shown[38].rotation)[0] - 20) < 0.5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), min_size=1, max_size=8))
def test_losing_and_finding_the_face_at_any_moment_never_makes_it_jump(
    stretches: list[tuple[bool, int]],
):
    script: list[Coefficients | None] = []
    for seen, length in stretches:
        for _ in range(length):
            at = len(script) * STEP
            script.append(face(25 * np.sin(at), at=at, jawOpen=0.3) if seen else None)
    shown, _ = play(script)
    # 3 missed frames are not eased: 0.1 s of this face's own motion, 2.5 degrees
    steps = [distance(a, b) for a, b in zip(shown, shown[1:], strict=False)]
    lids = [
        float(np.abs(np.subtract(a.expression[BLINK], b.expression[BLINK])).max())
        for a, b in zip(shown, shown[1:], strict=False)
    ]
    without_blinks = [s for s, lid in zip(steps, lids, strict=True) if s > lid]
    assert max(without_blinks, default=0) < 0.17


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.integers(0, 2**32 - 1))
def test_the_future_does_not_change_the_past_and_a_cut_changes_nothing(cut: int, seed: int):
    random = np.random.default_rng(seed)
    script = [
        face(float(random.normal()) * 10, at=i * STEP) if random.random() < 0.6 else None
        for i in range(100)
    ]
    whole, _ = play(script)
    first, state = play(script[:cut])
    second, _ = play(script[cut:], state if cut else None, first=cut)
    assert all(distance(a, b) < 1e-6 for a, b in zip(whole, [*first, *second], strict=True))


def test_everything_shown_can_be_drawn():
    shown, _ = play([face(at=0.0), *[None] * 100, face(at=3.4), None])
    assert all(s.is_finite() and s.expression.min() >= 0 and s.expression.max() <= 1 for s in shown)


def test_an_idle_avatar_blinks_about_fifteen_times_a_minute():
    closed = [blink_at(i * 0.01, IdleConfig()) for i in range(6000)]
    blinks = sum(a < 0.9 <= b for a, b in zip(closed, closed[1:], strict=False))
    assert blinks == 15
    assert 0.5 < np.mean([c == 0 for c in closed]) < 0.99
    assert max(abs(np.diff(closed))) < 0.2


def test_an_avatar_told_not_to_sway_only_blinks():
    pose = idle_pose(REST, 11.0, 0.0, IdleConfig(sway=0))
    assert np.allclose(pose.rotation, REST.rotation)


def test_blending_goes_the_shortest_way_at_an_even_pace():
    a, b = face(-40), face(40, jawOpen=1.0)
    yaws = [euler_from_rotation(blend(a, b, w).rotation)[0] for w in (0, 0.25, 0.5, 0.75, 1)]
    assert yaws == pytest.approx([-40, -20, 0, 20, 40], abs=0.01)
    assert blend(a, replace(b, scale=2.0), 0.5).scale == pytest.approx(1.0)
    assert float(blend(a, b, 0.25).expression.max()) == pytest.approx(0.25)
    assert [smoothstep(t) for t in (-1, 0, 0.5, 1, 2)] == [0, 0, 0.5, 1, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: PresenceConfig(hold_s=-1),
        lambda: PresenceConfig(ease_s=0),
        lambda: PresenceConfig(soft_after_s=-0.1),
        lambda: IdleConfig(blink_s=3),
        lambda: IdleConfig(sway=-1),
    ],
)
def test_settings_that_make_no_sense_are_refused(make: object):
    with pytest.raises(ValueError, match="must be"):
        make()  # type: ignore[operator]
