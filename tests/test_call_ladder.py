"""Two ends that climb the ladder, over real connections: what is seen, and what is refused."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pytest

from pechead_live.calling.ladder.climber import Climber, Stand
from pechead_live.calling.ladder.drawing_watch import HOLDS_S, DrawingWatch
from pechead_live.calling.ladder.pictured import Pictured, VideoPicture
from pechead_live.calling.ladder.rungs import LadderConfig, Rung
from pechead_live.calling.messages import Message, hello, read_message, taken_rungs, write_message
from pechead_live.cli import main
from pechead_live.clock import monotonic
from pechead_live.coefficients import Coefficients
from pechead_live.frame import Picture
from pechead_live.studio.rtc.peer import open_peer

QUICK = LadderConfig(
    rungs=(Rung.MOTION, Rung.LOW, Rung.VIDEO),
    of_camera=True,
    unsure_s=0.3,
    sure_s=0.6,
    settle_s=1.5,
)
LONGEST_S = 20.0


@dataclass
class End:
    """A climber and what it says and is told."""

    climber: Climber
    said: list[Message] = field(default_factory=list)
    mine: list[Stand] = field(default_factory=list)
    theirs: list[Stand] = field(default_factory=list)


class Pair:
    """Two of them, whose control channel is a function call."""

    def __init__(self, config: LadderConfig) -> None:
        self.ends: list[End] = []
        for place, of in enumerate((config, LadderConfig())):
            self.ends.append(self._end(place, of))
        for end in self.ends:
            end.climber.allow(tuple(Rung))

    def _end(self, place: int, config: LadderConfig) -> End:
        def say(message: Message) -> None:
            told = read_message(write_message(message))
            assert told is not None, message
            self.ends[place].said.append(told)
            other = self.ends[1 - place].climber
            asyncio.get_running_loop().call_soon(lambda: other.hear(told, monotonic()))

        return End(
            Climber(
                config,
                say=say,
                open_peer=lambda: open_peer([]),
                on_mine=lambda stand: self.ends[place].mine.append(stand),
                on_theirs=lambda stand: self.ends[place].theirs.append(stand),
                drawn=lambda: 0,
            )
        )

    async def until(
        self, done: Callable[[], bool], *, confidence: float, pixels: np.ndarray
    ) -> None:
        """Twenty-five pictures a second from the first end until ``done``."""
        mine = self.ends[0].climber
        began = monotonic()
        while not done():
            assert monotonic() - began < LONGEST_S, self.ends
            mine.note(confidence)
            picture = Picture(pixels=pixels, captured_at=monotonic())
            mine.put(mine.fitted(picture), mine.shows)
            for end in self.ends:
                end.climber.tick(monotonic(), is_seen=True)
            await asyncio.sleep(0.04)

    async def close(self) -> None:
        for end in self.ends:
            await end.climber.close()


def camera_picture() -> np.ndarray:
    """(480, 640, 3): red, with a green square in the middle."""
    pixels = np.full((480, 640, 3), (200, 30, 30), np.uint8)
    cv2.rectangle(pixels, (260, 180), (380, 300), (30, 180, 40), -1)
    return pixels


def test_the_camera_is_seen_while_the_face_cannot_be_read_and_not_after() -> None:
    async def run() -> None:
        pair = Pair(QUICK)
        me, other = pair.ends
        pixels = camera_picture()

        def shown(side: int) -> bool:
            video = other.climber.video()
            return video is not None and video.of_camera and video.pixels.shape[0] == side

        await pair.until(lambda: shown(192), confidence=0.1, pixels=pixels)
        video = other.climber.video()
        assert video is not None
        middle, corner = video.pixels[96, 96].astype(int), video.pixels[10, 10].astype(int)
        assert middle[1] - middle[0] > 80, "the square in the middle is green"
        assert corner[0] - corner[1] > 80, "around it is red"
        await pair.until(lambda: shown(480), confidence=0.1, pixels=pixels)
        assert [stand.rung for stand in me.mine] == [Rung.LOW, Rung.VIDEO]
        assert other.theirs == me.mine, "each step is told"
        sees = [message for message in other.said if message["type"] == "sees"]
        await pair.until(lambda: me.climber.rung is Rung.MOTION, confidence=1.0, pixels=0 * pixels)
        await asyncio.sleep(0.1)
        assert other.climber.video() is None
        assert {stand.shows for stand in me.mine[2:]} == {"avatar"}
        assert {stand.why for stand in me.mine[2:]} == {"the face is read well again"}
        assert any(message["pictures"] > 0 for message in sees)
        await pair.close()

    asyncio.run(run())


def test_without_leave_nothing_is_sent_however_the_face_is_lost() -> None:
    async def run() -> None:
        pair = Pair(LadderConfig(rungs=(Rung.MOTION, Rung.LOW), unsure_s=0.3))
        began = monotonic()
        await pair.until(lambda: monotonic() - began > 1.5, confidence=0.0, pixels=camera_picture())
        assert pair.ends[0].said == []
        await pair.close()

    asyncio.run(run())


def test_a_slow_receiver_is_sent_the_avatar() -> None:
    async def run() -> None:
        pair = Pair(LadderConfig(rungs=(Rung.MOTION, Rung.LOW)))
        me, other = pair.ends
        me.climber.hear({"type": "draws", "pictures": 5.0}, monotonic())
        await pair.until(
            lambda: other.climber.video() is not None, confidence=1.0, pixels=camera_picture()
        )
        video = other.climber.video()
        assert video is not None
        assert not video.of_camera, "the avatar, for all the receiver knows"
        await pair.close()

    asyncio.run(run())


@pytest.mark.parametrize("sdp", ["", "v=0", "v=0\r\nm=video", "m=audio 9 X 0\r\n", "x" * 7000])
def test_an_offer_that_is_none_is_left_and_the_next_one_is_taken(sdp: str) -> None:
    async def run() -> None:
        pair = Pair(QUICK)
        other = pair.ends[1].climber
        assert other.hear({"type": "pictures", "sdp": sdp}, monotonic() - 10)
        await asyncio.sleep(0.2)
        assert pair.ends[1].said == []
        await pair.until(lambda: other.video() is not None, confidence=0.0, pixels=camera_picture())
        await pair.close()

    asyncio.run(run())


def test_a_camera_s_picture_that_comes_too_late_is_not_sent_as_the_avatar() -> None:
    async def run() -> None:
        pair = Pair(LadderConfig(rungs=(Rung.MOTION, Rung.LOW)))
        mine, other = pair.ends[0].climber, pair.ends[1].climber
        mine.hear({"type": "draws", "pictures": 5.0}, monotonic())
        began = monotonic()
        while monotonic() - began < 2:
            picture = Picture(pixels=camera_picture(), captured_at=monotonic())
            mine.put(mine.fitted(picture), "camera")
            for end in pair.ends:
                end.climber.tick(monotonic(), is_seen=True)
            assert other.video() is None
            await asyncio.sleep(0.04)
        assert mine.rung is Rung.LOW
        await pair.close()

    asyncio.run(run())


def test_answers_and_reports_that_nobody_asked_for_do_no_harm() -> None:
    async def run() -> None:
        pair = Pair(QUICK)
        mine = pair.ends[0].climber
        mine.hear({"type": "pictures taken", "sdp": "v=0"}, 0.0)
        mine.hear({"type": "sees", "pictures": 1 << 39, "lost": 1.0}, 0.0)
        for _ in range(50):
            mine.hear({"type": "pictures", "sdp": "v=0"}, 5.0)
        assert not mine.hear({"type": "bye", "why": ""}, 0.0)
        await asyncio.sleep(0.1)
        await pair.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "message",
    [
        {"type": "rung", "rung": "top", "shows": "avatar", "why": ""},
        {"type": "rung", "rung": "low", "shows": ["avatar"], "why": ""},
        {"type": "rung", "rung": ["low"], "shows": "avatar", "why": ""},
        {"type": "pictures", "sdp": 5},
        {"type": "pictures", "sdp": "x" * 7001},
        {"type": "pictures taken"},
        {"type": "sees", "pictures": -1, "lost": 0},
        {"type": "sees", "pictures": 1, "lost": 1.5},
        {"type": "sees", "pictures": True, "lost": 0},
        {"type": "draws", "pictures": float("nan")},
        {"type": "draws", "pictures": "many"},
    ],
)
def test_what_is_no_message_of_the_ladder_is_not_read(message: dict[str, Any]) -> None:
    assert read_message(write_message({"why": "", **message})) is None


@pytest.mark.parametrize(
    ("takes", "rungs"),
    [
        (["low", "video"], (Rung.MOTION, Rung.LOW, Rung.VIDEO)),
        (["video", "hologram", 5, ["low"], None], (Rung.MOTION, Rung.VIDEO)),
        ("low", (Rung.MOTION,)),
        (None, (Rung.MOTION,)),
        (["x"] * 20 + ["low"], (Rung.MOTION,)),
    ],
)
def test_of_a_hello_the_rungs_that_are_known_count(takes: object, rungs: tuple[Rung, ...]) -> None:
    message = hello(name="Ann", stills=[], rides=True, holds_ms=0, takes=[]) | {"takes": takes}
    assert taken_rungs(message) == rungs


def test_slowness_is_told_once_and_tried_again_after_a_minute() -> None:
    watch, drawn, told = DrawingWatch(), 0, list[tuple[int, float]]()
    for second in range(200):
        drawn += 5
        rate = watch.told(drawn, float(second))
        told += [] if rate is None else [(second, rate)]
    assert [rate for _, rate in told] == [5.0] * len(told)
    assert len(told) == 4
    assert told[1][0] - told[0][0] > HOLDS_S


class Flat:
    """Draws a grey avatar."""

    def initial_state(self) -> int:
        return 0

    def render(self, coefficients: Coefficients, state: int) -> tuple[Picture, int]:
        pixels = np.full((64, 96, 3), 100, np.uint8)
        return Picture(pixels=pixels, captured_at=coefficients.captured_at), state + 1


def test_video_stands_in_the_avatar_s_place_and_only_the_camera_s_has_no_label() -> None:
    videos: list[VideoPicture | None] = [None]

    def label(picture: Picture) -> Picture:
        pixels = picture.pixels.copy()
        pixels[0, 0] = 255
        return Picture(pixels=pixels, captured_at=picture.captured_at)

    drawn = Pictured(Flat(), lambda: videos[0], size=(96, 64), label=label)
    at = Coefficients(captured_at=3.0)
    picture, state = drawn.render(at, drawn.initial_state())
    assert (state.avatar, picture.pixels[0, 0, 0], picture.pixels[30, 40, 0]) == (1, 255, 100)
    for of_camera, corner in ((True, 0), (False, 255)):
        videos[0] = VideoPicture(np.full((192, 192, 3), 50, np.uint8), of_camera)
        picture, state = drawn.render(at, state)
        assert state.avatar == 1, "the avatar's memory rests"
        assert picture.captured_at == 3.0
        assert picture.pixels.shape == (64, 96, 3)
        assert (picture.pixels[0, 0, 0], picture.pixels[32, 48, 0]) == (corner, 50)


def test_leave_that_is_of_no_use_is_refused_with_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["call", "join", "http://127.0.0.1:1/?token=x", "--real-face"]) == 2
    assert "--real-face" in capsys.readouterr().err
