"""What a receiver shows: in step, joined, and without a jump whatever the line does."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from pechead_live.calls.decoder import Received
from pechead_live.calls.playout import (
    KEPT,
    PlayoutConfig,
    Shown,
    arrived,
    initial_playout,
    shown,
)
from pechead_live.coefficients import Coefficients, euler_from_rotation, rotation_from_euler
from pechead_live.errors import InputError

CONFIG = PlayoutConfig()
IDENTITY = Coefficients().identity
FPS, SCREEN = 25, 60
WAY_S = 0.05


def frame(number: int, yaw: float, *, holds: bool = False, lost: bool = False) -> Received:
    coefficients = Coefficients(
        rotation=rotation_from_euler(yaw, 0, 0),
        captured_at=number / FPS,
        confidence=0.0 if lost else 1.0,
    )
    return Received(
        number=number,
        lost=lost,
        holds=holds,
        interval_s=1 / FPS,
        levels=(0,) * 52,
        coefficients=coefficients,
    )


def turning(time: float) -> float:
    """Degrees of yaw: a head that turns to and fro once in two seconds."""
    return 20 * math.sin(math.pi * time)


def played(frames: Sequence[tuple[float, Received]], seconds: float) -> list[tuple[float, Shown]]:
    """What is shown 60 times a second of frames that come at these times."""
    state = initial_playout()
    coming = sorted(frames, key=lambda each: each[0])
    told: list[tuple[float, Shown]] = []
    for k in range(round(seconds * SCREEN)):
        now = k / SCREEN
        while coming and coming[0][0] <= now:
            at, one = coming.pop(0)
            state = arrived(state, one, at, CONFIG)
        seen, state = shown(state, now, CONFIG, identity=IDENTITY)
        if seen is not None:
            told.append((now, seen))
    return told


def yaw_of(seen: Shown) -> float:
    return euler_from_rotation(seen.coefficients.rotation)[0]


def on_a_line(
    comes: Callable[[int], float | None], seconds: float = 6.0
) -> list[tuple[float, Shown]]:
    """A turning head whose frames take ``comes`` seconds each, or never come."""
    ways = [(k, comes(k)) for k in range(round(seconds * FPS))]
    frames = [(k / FPS + way, frame(k, turning(k / FPS))) for k, way in ways if way is not None]
    return played(frames, seconds)


def jumps(told: Sequence[tuple[float, Shown]]) -> float:
    """The largest change from one shown picture to the next, degrees."""
    return float(np.abs(np.diff([yaw_of(seen) for _, seen in told])).max())


STEADY = jumps(on_a_line(lambda _: WAY_S))


def test_on_a_good_line_the_motion_is_smooth_and_as_late_as_one_frame() -> None:
    told = [(now, seen) for now, seen in on_a_line(lambda _: WAY_S) if now > 1]
    for now, seen in told:
        at = seen.coefficients.captured_at
        assert yaw_of(seen) == pytest.approx(turning(at), abs=0.15)
        assert now - at - WAY_S == pytest.approx(1 / FPS, abs=0.02)
        assert not seen.bridged
        assert seen.face
    assert 1.4 * 20 * math.pi / SCREEN > STEADY


def test_ways_that_differ_are_waited_for_up_to_60_ms() -> None:
    rnd = random.Random(2)
    told = on_a_line(lambda _: WAY_S + rnd.random() * 0.2)
    late = [seen.delay_s for now, seen in told if now > 2]
    assert max(late) <= CONFIG.longest_wait_s + 0.02
    assert jumps([each for each in told if each[0] > 1]) < 2 * STEADY


def test_a_lost_frame_is_not_seen() -> None:
    told = on_a_line(lambda k: None if k in (60, 80, 81) else WAY_S)
    for now, seen in told:
        if now > 1:
            wanted = turning(seen.coefficients.captured_at)
            assert yaw_of(seen) == pytest.approx(wanted, abs=1.5)
    assert jumps(told) < 1.5 * STEADY


def test_without_frames_the_motion_goes_on_for_a_moment_and_then_stands() -> None:
    told = on_a_line(lambda k: WAY_S if k < 50 else None, seconds=4)
    last = 49 / FPS
    after = [(seen.coefficients.captured_at, yaw_of(seen)) for _, seen in told]
    still = [yaw for at, yaw in after if at > last + CONFIG.bridged_s + 0.02]
    assert np.ptp(still) < 0.05
    speed = (turning(last) - turning(last - 1 / FPS)) * FPS
    assert 0.3 < (still[0] - turning(last)) / (speed * CONFIG.bridged_s) < 0.7
    assert [seen.bridged for _, seen in told][-1]


def test_when_frames_come_again_what_is_shown_moves_over() -> None:
    told = on_a_line(lambda k: None if 60 <= k < 85 else WAY_S)
    assert jumps(told) < 4 * STEADY  # 37 degrees lie between
    end = [(now, seen) for now, seen in told if now > 85 / FPS + 0.6]
    for _, seen in end:
        assert yaw_of(seen) == pytest.approx(turning(seen.coefficients.captured_at), abs=0.3)


def test_frames_in_another_order_are_shown_in_theirs() -> None:
    told = on_a_line(lambda k: WAY_S + (0.05 if k % 7 == 3 else 0.0))
    assert jumps([each for each in told if each[0] > 1]) < 1.6 * STEADY


def test_a_silence_that_was_announced_is_no_loss_and_what_follows_begins_when_it_did() -> None:
    frames = [(k / FPS + WAY_S, frame(k, 5.0, holds=k == 30)) for k in range(31)]
    frames += [(k / FPS + WAY_S, frame(k, 5.0 + k - 74)) for k in range(75, 100)]
    told = played(frames, 4)
    quiet = [seen for now, seen in told if 1.5 < now < 3.0]
    assert not any(seen.bridged for seen in quiet)
    assert all(yaw_of(seen) == pytest.approx(5.0, abs=0.01) for seen in quiet)
    assert yaw_of(told[-1][1]) == pytest.approx(5.0 + 100 - 76, abs=3)


def test_a_face_that_is_lost_and_a_line_that_is_dead_are_told() -> None:
    frames = [(k / FPS, frame(k, 5.0, lost=20 <= k < 30)) for k in range(50)]
    told = played(frames, 4)
    gone = [now for now, seen in told if not seen.face]
    assert 0.8 <= gone[0] < 0.95
    assert not any(1.35 < now < 2.9 for now in gone)
    assert told[-1][1].face is False
    assert told[-1][1].coefficients.confidence == 0


def test_a_line_that_dies_in_a_silence_is_told() -> None:
    told = played([(k / FPS, frame(k, 5.0, holds=k == 9)) for k in range(10)], 4)
    assert not told[-1][1].face


def test_two_frames_of_one_time_and_one_far_ahead_do_no_harm() -> None:
    frames = [(k / FPS + WAY_S, frame(k, turning(k / FPS))) for k in range(100)]
    same = frame(49, 3.0)
    frames.append((50.3 / FPS + WAY_S, same._replace(number=50)))
    ahead = frame(5000, 80.0)
    frames.append((60.5 / FPS + WAY_S, ahead._replace(number=60)))
    told = played(frames, 4)
    assert all(math.isfinite(yaw_of(seen)) for _, seen in told)
    for now, seen in told:
        if now > 3.5:
            wanted = turning(seen.coefficients.captured_at)
            assert yaw_of(seen) == pytest.approx(wanted, abs=0.5)


def test_when_the_line_becomes_much_quicker_nothing_jumps() -> None:
    told = on_a_line(lambda k: 0.7 if k < 50 else max(0.05, 0.7 - (k - 49) / FPS))
    assert jumps([each for each in told if each[0] > 1.2]) < 4 * STEADY


def test_a_sender_s_clock_that_runs_fast_is_followed() -> None:
    frames = [(k / FPS * 0.999 + WAY_S, frame(k, turning(k / FPS))) for k in range(1000)]
    told = played(frames, 39)
    late = [seen.delay_s for now, seen in told if now > 2]
    assert max(late) < 0.1
    assert jumps([each for each in told if each[0] > 1]) < 1.5 * STEADY


def test_what_is_remembered_is_bounded() -> None:
    state = initial_playout()
    for k in range(1000):
        state = arrived(state, frame(k, 0.0), k / FPS, CONFIG)
    assert len(state.samples) == KEPT


def test_before_the_first_frame_there_is_nothing() -> None:
    assert shown(initial_playout(), 1.0, CONFIG, identity=IDENTITY)[0] is None


@pytest.mark.parametrize("setting", ["longest_wait_s", "bridged_s", "recovery_s", "lost_s"])
def test_a_setting_that_is_no_time_is_refused(setting: str) -> None:
    wrong: dict[str, Any] = {setting: 0.0}
    with pytest.raises(InputError, match=setting):
        PlayoutConfig(**wrong)
