"""Fresh stills of a camera: taken at one end, given to the other."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dialogue_line import Call, Line, call
from fresh_samples import ANCHOR, said, taken

from pechead_live.avatar.still import Still
from pechead_live.calling.ladder import photographer
from pechead_live.calling.ladder.climber import Climber
from pechead_live.calling.ladder.fresh_exchange import FreshExchange
from pechead_live.calling.ladder.fresh_still import FreshStill
from pechead_live.calling.ladder.photographer import Photographer
from pechead_live.calling.ladder.rungs import LadderConfig, Rung
from pechead_live.calling.messages import Message, write_message
from pechead_live.calling.riders import PIECE, WANT, unpack_riders
from pechead_live.clock import monotonic
from pechead_live.errors import NoFaceError
from pechead_live.frame import Picture
from pechead_live.studio.rtc.peer import open_peer


def climb_to(k: int, rung: str, ends: Call, shows: str = "camera") -> None:
    """The end ``k`` hears that the other one is on ``rung``."""
    told = {"type": "rung", "rung": rung, "shows": shows, "why": "it is a test"}
    ends.ends[k].dialogue.hear_control(write_message(told), ends.clock(k))


def with_climbers(ends: Call) -> list[FreshStill | None]:
    """What the second end is told to show; the first one may send stills of its camera."""
    shown = list[FreshStill | None]()
    for end in ends.ends:
        end.dialogue.climber = climber_of(end.dialogue.say_message)
    dialogue = ends.ends[1].dialogue
    dialogue.fresh = FreshExchange(dialogue.stills, say=dialogue.say_message, on_fresh=shown.append)
    ends.run(1.5)
    sender(ends).allow(tuple(Rung))
    return shown


def climber_of(say: Callable[[Message], None]) -> Climber:
    """That is quick to go up and down."""
    config = LadderConfig(
        rungs=(Rung.MOTION, Rung.STILL), of_camera=True, unsure_s=0.0, sure_s=0.2, settle_s=0.0
    )
    return Climber(
        config,
        say=say,
        open_peer=lambda: open_peer([]),
        on_mine=lambda _: None,
        on_theirs=lambda _: None,
        drawn=lambda: 0,
    )


def sender(ends: Call) -> Climber:
    climber = ends.ends[0].dialogue.climber
    assert climber is not None
    return climber


def lose_face(ends: Call) -> None:
    """Of the first end; the second one hears of it."""
    sender(ends).note(0.3)
    ends.run(0.5)
    assert sender(ends).rung is Rung.STILL


def find_face(ends: Call) -> None:
    sender(ends).note(1.0)
    ends.run(0.7)
    assert sender(ends).rung is Rung.MOTION


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_it_arrives_before_what_else_is_wanted_and_is_not_kept(loss: float, tmp_path: Path) -> None:
    ends = call(tmp_path, Line(loss=loss))
    shown = with_climbers(ends)
    lose_face(ends)
    assert ends.ends[1].heights == [80], "the rest is on its way"
    here = ends.ends[0].dialogue
    here.fresh.offer(taken(), ANCHOR)
    until = ends.now + 15
    while not shown and ends.now < until:
        ends.run(0.1)
    assert ends.ends[1].heights == [80], "what was on its way waits"
    assert [fresh.avatar.matte.shape[0] for fresh in shown if fresh] == [128]
    ends.run(20)
    assert here.fresh.is_there
    assert ends.ends[1].heights == [80, 512]
    kept = {path.stem for path in (tmp_path / "b").glob("*.still")}
    assert len(kept) == 2 and taken().digest not in kept, "a face that was shown is not kept"
    find_face(ends)
    assert shown[-1] is None, "and not shown any longer than it is meant"
    here.hear_riders({WANT: bytes.fromhex(taken().digest)}, ends.now)
    assert here.stills.take_piece(ends.now) == {}, "nor to be had"


def test_what_was_begun_before_goes_on_where_it_was(tmp_path: Path) -> None:
    sizes = list[int]()
    for interrupts in (False, True):
        ends = call(tmp_path / str(interrupts))
        with_climbers(ends)
        if interrupts:
            lose_face(ends)
            ends.ends[0].dialogue.fresh.offer(taken(), ANCHOR)
        ends.run(20)
        assert ends.ends[1].heights == [80, 512]
        sizes.append(ends.bytes["motion"])
    assert sizes[1] - sizes[0] < 2 * len(taken().content), "nothing that was there is sent again"


def test_it_is_asked_for_also_while_pieces_of_another_come(tmp_path: Path) -> None:
    ends = call(tmp_path)
    with_climbers(ends)
    here, there = (end.dialogue for end in ends.ends)
    climb_to(1, "still", ends)
    there.hear_control(write_message(said(taken())), ends.clock(1))
    piece = here.stills.take_piece(ends.now + 1)
    assert PIECE in piece
    there.hear_riders(piece, ends.clock(1))
    ends.ends[1].wires.motions.clear()
    there.tick(ends.clock(1) + 0.02)
    asked = [unpack_riders(message).get(WANT) for message in ends.ends[1].wires.motions]
    assert bytes.fromhex(taken().digest) in asked


def test_what_comes_after_the_rung_was_left_is_not_shown(tmp_path: Path) -> None:
    ends = call(tmp_path)
    shown = with_climbers(ends)
    lose_face(ends)
    ends.ends[0].dialogue.fresh.offer(taken(200), ANCHOR)
    ends.run(0.2)
    find_face(ends)
    ends.run(20.0)
    assert shown == [None]
    assert ends.ends[1].heights == [80, 512], "the avatar comes all the same"


def test_an_offer_that_is_taken_back_at_once_stops_nothing(tmp_path: Path) -> None:
    """As a reliable channel delivers it, after a loss."""
    ends = call(tmp_path)
    shown = with_climbers(ends)
    climb_to(1, "still", ends)
    ends.ends[1].dialogue.hear_control(write_message(said(taken())), ends.clock(1))
    climb_to(1, "motion", ends)
    ends.run(20.0)
    assert shown == [None]
    assert ends.ends[1].heights == [80, 512]


@pytest.mark.parametrize("shows", ["camera", "avatar"])
def test_without_the_rung_and_in_haste_nothing_is_taken(shows: str, tmp_path: Path) -> None:
    ends = call(tmp_path)
    shown, dialogue = with_climbers(ends), ends.ends[1].dialogue
    ends.run(4.0)
    dialogue.hear_control(write_message(said(taken())), ends.clock(1))
    ends.run(3.0)
    assert shown == [], "on the rung of motion there is no still"
    lose_face(ends)
    climb_to(1, "still", ends, shows)
    for still in (taken(), taken(200)):
        ends.ends[0].dialogue.stills.offer(still)
        dialogue.hear_control(write_message(said(still)), ends.clock(1))
    ends.run(5.0)
    assert shown == [], "the second came too soon, and the first is not offered any more"


def test_a_call_that_is_over_shows_and_gives_nothing_more(tmp_path: Path) -> None:
    ends = call(tmp_path)
    shown = with_climbers(ends)
    lose_face(ends)
    ends.ends[0].dialogue.fresh.offer(taken(), ANCHOR)
    ends.run(5.0)
    for end in ends.ends:
        end.dialogue.fresh.end()
    assert shown[0] is not None and shown[1:] == [None]
    assert not ends.ends[0].dialogue.fresh.is_there
    asyncio.run(sender(ends).close())
    assert (sender(ends).rung, sender(ends).shows) == (Rung.MOTION, "avatar")


def test_whose_pictures_they_are_is_told_on_this_rung_too() -> None:
    said = list[Message]()
    climber = climber_of(said.append)
    climber.allow(tuple(Rung))
    climber.ladder = climber.ladder._replace(rung=Rung.STILL)
    climber.note(0.3)
    for now in (10.0, 11.0):
        climber.tick(now, is_seen=True)
    told = [message for message in said if message["type"] == "rung"]
    assert [(m["rung"], m["shows"]) for m in told] == [("still", "camera")]


class Camera:
    """A climber on the rung of stills, a photographer, and what it offers."""

    def __init__(self, make: Callable[[Picture], Still], call: Call) -> None:
        self.said: list[Message] = []
        self.climber = climber_of(self.said.append)
        self.climber.allow(tuple(Rung))
        self.photographer = Photographer(make)
        stills = call.ends[0].dialogue.stills
        self.fresh = FreshExchange(stills, say=self.said.append, on_fresh=lambda _: None)

    async def look(self, confidence: float, seconds: float) -> None:
        """Ten pictures a second."""
        began = monotonic()
        while monotonic() - began < seconds:
            self.climber.note(confidence)
            self.climber.tick(monotonic(), is_seen=True)
            picture = Picture(pixels=np.zeros((8, 8, 3), np.uint8), captured_at=monotonic())
            self.photographer.see(self.fresh, self.climber, picture, ANCHOR)
            await asyncio.sleep(0.1)

    @property
    def offered(self) -> int:
        return sum(message["type"] == "still" for message in self.said)


def test_one_is_taken_at_a_time_and_none_while_the_face_is_read(tmp_path: Path) -> None:
    async def run() -> None:
        camera = Camera(lambda _: taken(), call(tmp_path))
        await camera.look(1.0, 0.5)
        assert camera.offered == 0
        await camera.look(0.3, 1.2)
        assert camera.climber.rung is Rung.STILL
        assert camera.offered == 1, "the next one waits until this one is there"
        await camera.look(1.0, 0.8)
        assert camera.climber.rung is Rung.MOTION
        await camera.look(1.0, 0.3)
        assert camera.offered == 1

    asyncio.run(run())


def test_a_camera_that_shows_no_face_says_so_to_the_ladder(tmp_path: Path) -> None:
    tries = list[int]()

    def make(picture: Picture) -> Still:
        tries.append(1)
        raise NoFaceError(f"no face in a picture of {picture.captured_at}")

    async def run() -> None:
        camera = Camera(make, call(tmp_path))
        await camera.look(0.0, 1.0)
        assert (camera.offered, len(tries)) == (0, 1), "it is tried again later"

    asyncio.run(run())


def test_one_that_does_not_arrive_is_given_up_and_a_fault_is_no_reason_to_try_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photographer, "GIVE_UP_S", 0.5)
    tries = list[int]()

    def make(_: Picture) -> Still:
        tries.append(1)
        if len(tries) < 3:
            return taken()
        raise RuntimeError("the detector is broken")

    async def run() -> None:
        camera = Camera(make, call(tmp_path))
        await camera.look(0.3, 2.5)
        assert (camera.offered, len(tries)) == (2, 3)

    asyncio.run(run())
