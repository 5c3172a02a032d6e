"""Fresh stills of a camera: how one is moved and drawn at the other end."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from fresh_samples import ANCHOR, said, taken
from still_samples import astronaut

from pechead_live.avatar.avatar import Avatar
from pechead_live.calling.ladder.fresh_seen import FreshSeen
from pechead_live.calling.ladder.fresh_still import (
    FreshRenderer,
    FreshStill,
    anchor_of,
    told_still,
)
from pechead_live.calling.ladder.pictured import Pictured, VideoPicture
from pechead_live.calling.messages import read_message, write_message
from pechead_live.coefficients import Coefficients, euler_from_rotation, rotation_from_euler
from pechead_live.frame import Picture


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


def test_a_still_that_is_withdrawn_while_there_is_video_is_let_go_of() -> None:
    video = VideoPicture(np.full((8, 8, 3), 9, np.uint8), of_camera=True)
    came: list[VideoPicture] = []
    stills = [Seeing()]
    drawn = Pictured(
        Seeing(),
        lambda: came[0] if came else None,
        lambda: stills[0] if stills else None,
        size=(8, 8),
        label=lambda p: p,
    )
    _, state = drawn.render(ANCHOR, drawn.initial_state())
    assert state.of is stills[0]
    came.append(video)
    _, state = drawn.render(ANCHOR, state)
    assert state.of is stills[0], "it may be needed again"
    stills.clear()
    picture, state = drawn.render(ANCHOR, state)
    assert picture.pixels.max() == 9
    assert (state.of, state.fresh, state.avatar) == (None, None, 0)
