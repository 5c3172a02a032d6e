"""What two ends of a call say to each other: avatars once, motion all the time, and a goodbye."""

from pathlib import Path

import numpy as np
import pytest
from dialogue_line import WAY_S, Call, End, Line, call
from still_samples import astronaut
from stream_motion import MOTION

from pechead_live.avatar.still import FULL, GLIMPSE


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_each_end_gets_the_others_avatar_first_a_glimpse_then_all(
    tmp_path: Path, loss: float
) -> None:
    talk = call(tmp_path, Line(loss=loss, jitter_s=0.03))
    talk.run(60 if loss == 0 else 240)
    for end in talk.ends:
        assert end.heights == [GLIMPSE.height, FULL.height]
        assert end.avatars[1].name == astronaut().name
        assert end.dialogue.peer_is_ready
    assert [end.dialogue.peer_name for end in talk.ends] == ["Ben", "Ann"]


def test_the_second_time_no_still_is_sent(tmp_path: Path) -> None:
    call(tmp_path).run(30)
    talk = call(tmp_path)
    talk.run(5)
    for end in talk.ends:
        assert end.heights == [FULL.height]
        assert end.dialogue.stills.counts["stills known"] == 1
        assert end.dialogue.stills.counts["stills sent"] == 0
        assert end.dialogue.peer_is_ready
    headers_and_answers = 2 * (1 + 425) + 2 * (1 + 10)
    assert talk.bytes["motion"] == headers_and_answers, "and no piece of a still"


def test_before_the_other_end_can_draw_no_motion_is_sent(tmp_path: Path) -> None:
    talk = call(tmp_path)
    talk.ends[0].dialogue.say(MOTION[0], talk.now, talk.now)
    assert talk.ends[0].wires.motions == []
    assert talk.ends[0].dialogue.motion.counts["messages"] == 0


@pytest.mark.parametrize("speaks", [False, True])
@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_motion_arrives_as_it_was_made(tmp_path: Path, loss: float, speaks: bool) -> None:
    call(tmp_path).run(40)  # so that both know the avatars
    talk = call(tmp_path, Line(loss=loss, jitter_s=0.02, ahead_s=5000.0, seed=1))
    talk.run(4)
    talk.speaks = speaks
    talk.move(10)
    first, second = talk.ends
    frames = second.arrivals.frames
    assert frames > 200 * (1 - 2 * loss)
    assert talk.error_degrees() < 0.6
    assert first.dialogue.motion.counts["packets heard"] == 0
    late = [talk.now + 5000 - captured_at for captured_at, _ in talk.seen[-5:]]
    assert all(WAY_S < each < 0.5 for each in late)
    if speaks:
        assert first.dialogue.motion.counts["packets in sound"] > 50
    else:
        assert first.dialogue.motion.counts["messages"] > 50


def test_under_loss_the_receivers_word_keeps_the_motion_alive(tmp_path: Path) -> None:
    call(tmp_path).run(40)
    talk = call(tmp_path, Line(loss=0.1, jitter_s=0.02, seed=4))
    talk.run(4)
    talk.move(20)
    second = talk.ends[1]
    stuck = second.arrivals.dropped().get("stuck", 0)
    assert second.dialogue.motion.counts["packets heard"] > 5 * stuck
    assert second.dialogue.motion.counts["messages"] > 20
    told = [at for at, _ in talk.seen]
    assert max(np.diff(told)) < 0.5


def test_a_still_rides_in_sound_and_then_nothing_goes_alone(tmp_path: Path) -> None:
    talk = call(tmp_path, Line(loss=0.05))
    talk.run(0.5)
    talk.speaks = True
    talk.run(0.2)
    before = talk.bytes["motion"]
    talk.run(60)
    assert talk.bytes["motion"] == before
    assert [end.heights for end in talk.ends] == [[GLIMPSE.height, FULL.height]] * 2


def test_who_shows_nobody_sees_and_is_told_so(tmp_path: Path) -> None:
    watcher = End(tmp_path / "a", "Ann", shows=False)
    shown = End(tmp_path / "b", "Ben")
    talk = Call((shown, watcher))
    talk.run(20)
    assert watcher.heights == [GLIMPSE.height, FULL.height]
    assert shown.heights == []
    assert not watcher.dialogue.shows
    assert shown.dialogue.peer_is_ready
    talk.move(3)
    assert watcher.arrivals.frames > 50


def test_pings_place_what_arrives_in_this_ends_time(tmp_path: Path) -> None:
    call(tmp_path).run(40)
    talk = call(tmp_path, Line(ahead_s=-70_000.0))
    talk.run(3)
    began = talk.now
    talk.move(3)
    for k, end in enumerate(talk.ends):
        assert end.dialogue.round_trip_s == pytest.approx(2 * WAY_S, abs=0.05)
        if k == 1:
            assert end.arrivals.began_at == pytest.approx(began - 70_000, abs=0.1)


def test_a_goodbye_says_why(tmp_path: Path) -> None:
    talk = call(tmp_path)
    talk.run(1)
    talk.ends[0].dialogue.end("the train is here")
    talk.run(1)
    assert talk.ends[1].dialogue.ended == "the train is here"
    assert talk.ends[0].dialogue.ended is None


def test_a_goodbye_without_a_word_is_one_too(tmp_path: Path) -> None:
    talk = call(tmp_path)
    talk.ends[1].dialogue.end()
    talk.run(1)
    assert talk.ends[0].dialogue.ended == "the other end has hung up"
