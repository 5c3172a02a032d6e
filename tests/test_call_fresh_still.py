"""Fresh stills of a camera: taken at one end, moved at the other."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from dialogue_line import Call, Line, call
from still_samples import astronaut
from stream_motion import MOTION

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.still import Edition, Still, still_of
from pechead_live.calling.ladder.climber import Climber
from pechead_live.calling.ladder.fresh_exchange import FreshExchange
from pechead_live.calling.ladder.fresh_seen import FreshSeen
from pechead_live.calling.ladder.fresh_still import (
    FreshRenderer,
    FreshStill,
    anchor_of,
    told_still,
)
from pechead_live.calling.ladder.photographer import Photographer
from pechead_live.calling.ladder.pictured import Pictured
from pechead_live.calling.ladder.rungs import LadderConfig, Rung
from pechead_live.calling.messages import Message, read_message, write_message
from pechead_live.calling.riders import PIECE, WANT, unpack_riders
from pechead_live.clock import monotonic
from pechead_live.coefficients import Coefficients, euler_from_rotation, rotation_from_euler
from pechead_live.errors import NoFaceError
from pechead_live.frame import Picture
from pechead_live.studio.rtc.peer import open_peer

ANCHOR = replace(MOTION[10], translation=np.array([0.1, -0.05], np.float32), scale=0.37)


@cache
def taken(height: int = 128) -> Still:
    """A still of somebody's camera."""
    return still_of(astronaut(), Edition(height=height, most_bytes=4000))


class Seeing:
    """Draws nothing, and remembers with what."""

    def __init__(self) -> None:
        self.seen: list[Coefficients] = []

    def initial_state(self) -> int:
        return 0

    def render(self, coefficients: Coefficients, state: int) -> tuple[Picture, int]:
        self.seen.append(coefficients)
        pixels = np.full((8, 8, 3), 7, np.uint8)
        return Picture(pixels=pixels, captured_at=coefficients.captured_at), state + 1


def said(still: Still) -> Message:
    message = read_message(write_message(told_still(still, ANCHOR)))
    assert message is not None
    return message


def climb_to(k: int, rung: str, ends: Call, shows: str = "camera") -> None:
    """The end ``k`` hears that the other one is on ``rung``."""
    told = {"type": "rung", "rung": rung, "shows": shows, "why": "it is a test"}
    ends.ends[k].dialogue.hear_control(write_message(told), ends.clock(k))


def with_climbers(ends: Call) -> list[FreshStill | None]:
    """What the second end is told to show."""
    shown = list[FreshStill | None]()
    for end in ends.ends:
        end.dialogue.climber = Climber(
            LadderConfig(),
            say=end.dialogue.say_message,
            open_peer=lambda: open_peer([]),
            on_mine=lambda _: None,
            on_theirs=lambda _: None,
            drawn=lambda: 0,
        )
    dialogue = ends.ends[1].dialogue
    dialogue.fresh = FreshExchange(dialogue.stills, say=dialogue.say_message, on_fresh=shown.append)
    return shown


def test_the_anchor_goes_in_a_message_to_a_ten_thousandth() -> None:
    came = anchor_of(said(taken()))
    assert np.abs(came.rotation - ANCHOR.rotation).max() < 2e-4
    assert np.abs(came.translation - ANCHOR.translation).max() < 1e-4
    assert np.abs(came.expression - ANCHOR.expression).max() <= 0.0051
    assert came.scale == pytest.approx(ANCHOR.scale, rel=1e-3)


@pytest.mark.parametrize(
    "changed",
    [
        {"digest": "0" * 63},
        {"bytes": -1},
        {"turn": [0, 0]},
        {"turn": [0, 0, float("nan")]},
        {"place": [0, 0, 1e9]},
        {"expression": [0] * 51},
        {"expression": ["0"] * 52},
        {"expression": None},
    ],
)
def test_a_message_that_says_no_pose_is_left(changed: dict[str, object]) -> None:
    assert read_message(write_message(told_still(taken(), ANCHOR) | changed)) is None


def test_it_is_as_it_was_taken_at_its_moment_and_then_moves_as_the_avatar_does() -> None:
    seeing, rest = Seeing(), astronaut().rest
    drawing = FreshRenderer(seeing, FreshStill(astronaut(), ANCHOR))
    state = drawing.initial_state()
    _, state = drawing.render(replace(ANCHOR, captured_at=1.0), state)
    turned = replace(
        ANCHOR,
        rotation=(rotation_from_euler(10, 0, 0) @ ANCHOR.rotation).astype(np.float32),
        captured_at=1.04,
    )
    _, state = drawing.render(turned, state)
    still, moved = seeing.seen
    assert np.abs(still.rotation - rest.rotation).max() < 1e-5
    assert still.translation == pytest.approx(rest.translation, abs=1e-5)
    assert still.scale == pytest.approx(rest.scale)
    yaw, pitch, roll = euler_from_rotation(moved.rotation @ rest.rotation.T)
    assert (yaw, pitch, roll) == pytest.approx((10, 0, 0), abs=0.05)
    assert state.renderer == 2, "its renderer remembers"


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_it_arrives_before_what_else_is_wanted_and_is_not_kept(loss: float, tmp_path: Path) -> None:
    ends = call(tmp_path, Line(loss=loss))
    shown = with_climbers(ends)
    ends.run(1.5)  # the glimpse is there, the rest on its way
    assert ends.ends[1].heights == [80]
    climb_to(1, "still", ends)
    ends.ends[0].dialogue.fresh.offer(taken(), ANCHOR)
    until = ends.now + 15
    while not shown and ends.now < until:
        ends.run(0.1)
    assert ends.ends[1].heights == [80], "what was on its way waits"
    assert [fresh.avatar.matte.shape[0] for fresh in shown if fresh] == [128]
    ends.run(20)
    assert ends.ends[0].dialogue.fresh.is_there
    assert ends.ends[1].heights == [80, 512]
    kept = {path.stem for path in (tmp_path / "b").glob("*.still")}
    assert len(kept) == 2 and taken().digest not in kept, "a face that was shown is not kept"
    climb_to(1, "low", ends, shows="avatar")
    assert shown[-1] is None, "and not shown any longer than it is meant"


def test_it_is_asked_for_also_while_pieces_of_another_come(tmp_path: Path) -> None:
    ends = call(tmp_path)
    with_climbers(ends)
    ends.run(1.5)
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
    ends.run(4.0)
    climb_to(1, "still", ends)
    ends.ends[0].dialogue.fresh.offer(taken(), ANCHOR)
    ends.run(0.2)
    climb_to(1, "motion", ends)
    ends.run(5.0)
    assert shown == [None]


def test_without_the_rung_and_in_haste_nothing_is_taken(tmp_path: Path) -> None:
    ends = call(tmp_path)
    shown, dialogue = with_climbers(ends), ends.ends[1].dialogue
    ends.run(4.0)
    dialogue.hear_control(write_message(said(taken())), ends.clock(1))
    ends.run(3.0)
    assert shown == [], "on the rung of motion there is no still"
    climb_to(1, "still", ends)
    for still in (taken(), taken(200)):
        ends.ends[0].dialogue.stills.offer(still)
        dialogue.hear_control(write_message(said(still)), ends.clock(1))
    ends.run(5.0)
    assert shown == [], "the second came too soon, and the first is not offered any more"


class Camera:
    """A climber on the rung of stills, a photographer, and what it offers."""

    def __init__(self, make: Callable[[Picture], Still], call: Call) -> None:
        config = LadderConfig(
            rungs=(Rung.MOTION, Rung.STILL), of_camera=True, unsure_s=0.0, sure_s=0.2, settle_s=0.0
        )
        self.said: list[Message] = []
        self.climber = Climber(
            config,
            say=self.said.append,
            open_peer=lambda: open_peer([]),
            on_mine=lambda _: None,
            on_theirs=lambda _: None,
            drawn=lambda: 0,
        )
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


def test_what_is_ready_too_late_is_not_drawn() -> None:
    """``Pictured`` draws it while there is one, with a memory of its own."""
    fresh, avatar, kinds = Seeing(), Seeing(), list[int]()

    def make(shown: Avatar) -> Seeing:
        kinds.append(shown.matte.shape[0])
        return fresh

    async def run() -> None:
        seen = FreshSeen(make)
        drawn = Pictured(avatar, lambda: None, seen.renderer, size=(8, 8), label=lambda p: p)
        state = drawn.initial_state()
        _, state = drawn.render(ANCHOR, state)
        seen.take(FreshStill(astronaut(), ANCHOR))
        seen.take(None)
        await asyncio.sleep(0.2)
        assert seen.renderer() is None
        seen.take(FreshStill(astronaut(), ANCHOR))
        await asyncio.sleep(0.2)
        _, state = drawn.render(ANCHOR, state)
        _, state = drawn.render(ANCHOR, state)
        assert (len(avatar.seen), len(fresh.seen), state.avatar) == (1, 2, 1)
        assert state.fresh.renderer == 2
        seen.take(None)
        _, state = drawn.render(ANCHOR, state)
        assert (len(avatar.seen), state.avatar, state.fresh) == (2, 2, None)

    asyncio.run(run())
    assert len(kinds) == 2
