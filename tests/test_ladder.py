"""The ladder: when an end sends more than motion, and when it stops."""

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pechead_live.calling.ladder.rungs import (
    FORGIVEN,
    Ladder,
    LadderConfig,
    Look,
    Rung,
    climbed,
    is_of_camera,
)
from pechead_live.errors import InputError

CAMERA = LadderConfig(rungs=(Rung.MOTION, Rung.LOW, Rung.VIDEO), of_camera=True)
AVATAR = LadderConfig(rungs=(Rung.MOTION, Rung.LOW))
EVERY_S = 0.2

READ, LOST = Look(confidence=1.0), Look(confidence=0.0)


def steps(
    look_at: Callable[[float], Look], seconds: float, config: LadderConfig
) -> list[tuple[float, Rung]]:
    """When which rung was stepped on."""
    ladder, found, now = Ladder(), list[tuple[float, Rung]](), 0.0
    while now < seconds:
        after = climbed(ladder, look_at(now), now, config)
        if after.rung != ladder.rung:
            assert abs(after.rung - ladder.rung) <= 2
            found.append((round(now, 1), after.rung))
        ladder = after
        now += EVERY_S
    return found


def test_a_face_that_cannot_be_read_is_seen_by_the_camera_where_that_is_allowed() -> None:
    assert steps(lambda _: LOST, 30, CAMERA) == [(1.6, Rung.LOW), (4.6, Rung.VIDEO)]
    assert steps(lambda _: LOST, 30, AVATAR) == []
    assert steps(lambda _: LOST, 30, LadderConfig()) == []


def test_it_comes_down_again_one_rung_after_the_other() -> None:
    found = steps(lambda now: LOST if now < 10 else READ, 40, CAMERA)
    assert [rung for _, rung in found[2:]] == [Rung.LOW, Rung.MOTION]
    assert found[2][0] == pytest.approx(15, abs=0.5)
    assert found[3][0] == pytest.approx(18.5, abs=0.5)


def test_a_face_that_comes_and_goes_does_not_swing_the_ladder() -> None:
    found = steps(lambda now: LOST if now % 4 < 1 else READ, 120, CAMERA)
    assert found == [], "a second without a face is nothing"
    found = steps(lambda now: LOST if now % 2 < 1 else READ, 120, CAMERA)
    assert [rung for _, rung in found] == [Rung.LOW, Rung.VIDEO], "half of the time is not"
    found = steps(lambda now: LOST if now % 6 < 2.2 else READ, 120, CAMERA)
    assert len(found) <= 3, "once up it stays there"


def flickers(pattern: str, every_s: float) -> Callable[[float], Look]:
    """A look each ``every_s``: one of ``pattern``, again and again, x without a face."""
    looks = [LOST if mark == "x" else Look(0.76) for mark in pattern]
    return lambda now: looks[round(now / every_s) % len(looks)]


def unread_at(pattern: str, every_s: float, seconds: float = 120) -> float | None:
    """When the ladder was climbed, if it was."""
    look_at, ladder = flickers(pattern, every_s), Ladder()
    for k in range(round(seconds / every_s)):
        now = k * every_s
        ladder = climbed(ladder, look_at(now), now, CAMERA)
        if ladder.rung != Rung.MOTION:
            return now
    return None


@pytest.mark.parametrize("every_s", [1 / 25, EVERY_S])
def test_a_face_that_flickers_is_unread_after_a_while(every_s: float) -> None:
    for pattern, share in (("x.", 1 / 2), ("xxx.", 3 / 4), ("x.x..", 2 / 5)):
        after_s = CAMERA.unsure_s / (share - FORGIVEN * (1 - share))
        assert unread_at(pattern, every_s) == pytest.approx(after_s, abs=5 * every_s)


@pytest.mark.parametrize("every_s", [1 / 25, EVERY_S])
def test_a_face_that_is_seldom_lost_is_read(every_s: float) -> None:
    for pattern in ("x....", "xx........", "x...", "xx......"):
        assert unread_at(pattern, every_s) is None


@pytest.mark.parametrize("every_s", [1 / 64, 1 / 25, 0.1, EVERY_S])
def test_a_face_that_stays_away_is_unread_when_it_has_been_for_the_whole_time(
    every_s: float,
) -> None:
    at = unread_at("x", every_s)
    assert at is not None and at - every_s < CAMERA.unsure_s <= at


@pytest.mark.parametrize("flicker_s", [0.0, 3.0, 60.0])
def test_what_was_lost_is_made_good_and_then_forgotten(flicker_s: float) -> None:
    """After four seconds with a face a loss counts as the first one does."""

    def look(now: float) -> Look:
        if now < flicker_s:
            return flickers("x.", EVERY_S)(now)
        return LOST if now > flicker_s + 4 else Look(0.7)

    seen, ladder, found = False, Ladder(), list[float]()
    config = LadderConfig(rungs=CAMERA.rungs, of_camera=True, sure_s=0.0)
    for k in range(round((flicker_s + 7) / EVERY_S)):
        now = k * EVERY_S
        ladder = climbed(ladder, look(now), now, config)
        seen = is_of_camera(False, ladder, now, config)
        found += [now] if seen and now > flicker_s + 1 else []
    assert found[0] == pytest.approx(flicker_s + 4 + 1.6, abs=0.25)


def test_a_flickering_face_that_was_climbed_for_comes_down_only_once_it_is_read() -> None:
    flicker = flickers("x.", EVERY_S)
    found = steps(lambda now: flicker(now) if now < 60 else READ, 90, CAMERA)
    assert [rung for _, rung in found] == [Rung.LOW, Rung.VIDEO, Rung.LOW, Rung.MOTION]
    assert found[2][0] == pytest.approx(65, abs=0.5)


STILLS = LadderConfig(rungs=tuple(Rung), of_camera=True)
THIN = LadderConfig(rungs=(Rung.MOTION, Rung.STILL), of_camera=True)


def test_a_fresh_still_comes_before_video_and_is_passed_over_where_there_is_no_face() -> None:
    taken, faceless = Look(0.3, still=True), Look(0.0, still=False)
    found = steps(lambda _: taken, 30, STILLS)
    assert found == [(1.6, Rung.STILL), (4.8, Rung.LOW), (7.8, Rung.VIDEO)]
    found = steps(lambda now: Look(0.3, still=True if now > 5 else None), 30, STILLS)
    assert found[1] == (pytest.approx(8.1, abs=0.15), Rung.LOW), "it is seen for a while"
    found = steps(lambda _: faceless, 30, STILLS)
    assert found == [(1.6, Rung.STILL), (1.8, Rung.LOW), (4.8, Rung.VIDEO)]
    assert steps(lambda _: faceless, 30, THIN) == [(1.6, Rung.STILL)]
    found = steps(lambda _: Look(0.3, still=None), 30, STILLS)
    assert found[1] == (pytest.approx(9.7, abs=0.15), Rung.LOW), "it is waited for, not for ever"


def test_a_still_is_tried_on_a_line_that_carries_no_video() -> None:
    lossy = Look(0.3, lost=0.08, late_s=0.2, still=True)
    assert steps(lambda _: lossy, 60, STILLS) == [(1.6, Rung.STILL)]


def test_once_the_face_is_read_no_still_of_the_camera_is_shown_on_the_way_down() -> None:
    unread = Look(0.3, still=True)
    found = steps(lambda now: unread if now < 10 else READ, 40, STILLS)
    assert [rung for _, rung in found] == [*list(Rung)[1:], Rung.LOW, Rung.MOTION]
    found = steps(lambda now: unread if now < 3 else READ, 40, STILLS)
    assert [rung for _, rung in found] == [Rung.STILL, Rung.MOTION]


def test_a_line_that_does_not_carry_video_leaves_a_still_while_the_face_is_unread() -> None:
    def look(now: float, confidence: float) -> Look:
        return Look(confidence, lost=0.3 if now > 6 else 0.0, still=True)

    found = steps(lambda now: look(now, 0.3), 20, STILLS)
    assert [rung for _, rung in found] == [Rung.STILL, Rung.LOW, Rung.STILL]
    found = steps(lambda now: look(now, 0.3 if now < 6 else 0.7), 20, STILLS)
    assert [rung for _, rung in found] == [Rung.STILL, Rung.LOW, Rung.MOTION]

    def slow(now: float) -> Look:
        return Look(1.0 if now < 7 else 0.3, drawn=4.0, lost=0.3 if now > 6 else 0.0)

    found = steps(slow, 8, STILLS)
    assert [rung for _, rung in found] == [Rung.LOW, Rung.MOTION], "unread for a moment is nothing"


def test_who_draws_too_slowly_is_sent_video_and_no_still() -> None:
    assert steps(lambda _: Look(1.0, drawn=4.0), 20, STILLS)[0][1] == Rung.LOW


@pytest.mark.parametrize(
    "bad", [Look(0.0, lost=0.3), Look(0.0, late_s=0.5), Look(0.0, carried=0.3)]
)
def test_a_line_that_does_not_carry_video_is_left_alone_ever_longer(bad: Look) -> None:
    standing = [Rung.MOTION]

    def look(_: float) -> Look:
        return bad if standing[0] >= Rung.LOW else LOST

    ladder, now = Ladder(), 0.0
    tried = list[float]()
    while now < 300:
        ladder = climbed(ladder, look(now), now, CAMERA)
        if ladder.rung > standing[0]:
            tried.append(now)
        standing[0] = ladder.rung
        now += EVERY_S
    pauses = [later - earlier for earlier, later in zip(tried, tried[1:], strict=False)]
    assert len(tried) in (5, 6), "10, 20, 40, 80, 160 s apart"
    assert all(later > 1.5 * earlier for earlier, later in zip(pauses, pauses[1:], strict=False))


def test_a_strained_line_is_not_given_more() -> None:
    assert steps(lambda _: Look(0.0, lost=0.06), 30, CAMERA) == []
    assert steps(lambda _: Look(0.0, late_s=0.2), 30, CAMERA) == []


def test_who_draws_too_slowly_is_sent_the_avatar_as_video_and_nothing_of_the_camera() -> None:
    slow = Look(1.0, drawn=6.0)
    for config in (AVATAR, CAMERA):
        assert steps(lambda _: slow, 60, config) == [(0.0, Rung.LOW)]
        ladder = climbed(Ladder(), slow, 0.0, config)
        assert ladder.rung is Rung.LOW
        assert not is_of_camera(False, ladder, 0.0, config)


def test_the_camera_is_seen_from_the_loss_of_the_face_until_it_is_read_again() -> None:
    ladder, seen, shown, now = Ladder(), False, list[float](), 0.0
    while now < 30:
        ladder = climbed(ladder, LOST if 5 < now < 10 else READ, now, CAMERA)
        seen = is_of_camera(seen, ladder, now, CAMERA)
        shown += [now] if seen else []
        now += EVERY_S
    assert shown[0] == pytest.approx(6.6, abs=0.3)
    assert shown[-1] == pytest.approx(14.9, abs=0.3)


@pytest.mark.parametrize(
    "bad",
    [
        {"rungs": (Rung.LOW,)},
        {"rungs": (Rung.MOTION, Rung.VIDEO)},
        {"rungs": (Rung.MOTION, Rung.STILL)},
        {"rungs": (Rung.LOW, Rung.MOTION)},
        {"unsure": 0.9},
        {"lossless": 0.5},
        {"late_s": 0.05},
        {"sure_s": -1.0},
        {"hold_s": 500.0},
    ],
)
def test_settings_that_cannot_be_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        LadderConfig(**bad)  # type: ignore[arg-type]


LOOKS = st.builds(
    Look,
    confidence=st.floats(0, 1),
    drawn=st.none() | st.floats(0, 60),
    lost=st.floats(0, 1),
    late_s=st.floats(0, 5),
    carried=st.none() | st.floats(0, 1),
)


@given(st.lists(st.tuples(st.floats(0.02, 5), LOOKS), max_size=80))
def test_whatever_is_seen_it_stays_within_what_is_allowed(looks: list[tuple[float, Look]]) -> None:
    for config in (LadderConfig(), AVATAR, CAMERA):
        ladder, now, stepped = Ladder(), 0.0, -1e9
        seen = False
        for after, look in looks:
            now += after
            before = ladder.rung
            ladder = climbed(ladder, look, now, config)
            seen = is_of_camera(seen, ladder, now, config)
            assert ladder.rung in config.rungs
            assert config.of_camera or not seen
            if ladder.rung != before:
                assert now - stepped >= config.settle_s
                stepped = now
