"""A page climbs the ladder as Python does: the same rungs and reasons, at the same times."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from page_modules import call_files, opened_page

from pechead_live.calling.ladder.drawing_watch import DrawingWatch
from pechead_live.calling.ladder.line_watch import LineWatch
from pechead_live.calling.ladder.rungs import Ladder, LadderConfig, Look, Rung, climbed

pytestmark = pytest.mark.browser

LOAD = """async () => {
  const page = "/page/calling/";
  const { climbed, initialLadder, ladderConfig } = await import(page + "ladder.js");
  const { LineWatch } = await import(page + "line_watch.js");
  const { DrawingWatch } = await import(page + "drawing_watch.js");
  const { isOfLadder, takenRungs } = await import(page + "ladder_messages.js");
  window.climb = ({ settings, looks }) => {
    const config = ladderConfig(settings);
    let ladder = Object.freeze(initialLadder());
    return looks.map(([now, look]) => {
      ladder = Object.freeze(climbed(ladder, look, now, config));
      const { rung, why, steppedAt, unsureAt, isUnsure, lookedAt, ...others } = ladder;
      const { sureAt, badAt, heldUntil, hold, stillAt } = others;
      const face = [unsureAt, isUnsure, lookedAt, sureAt];
      return [rung, why, steppedAt, ...face, badAt, heldUntil, hold, stillAt];
    });
  };
  window.watchLine = (events) => {
    const watch = new LineWatch();
    return events.map(([now, what, ...told]) => {
      watch[what](...told);
      const { confidence, drawn, lost, late, carried } = watch.look(0.5, now);
      return [confidence, drawn, lost, late, carried];
    });
  };
  window.watchDrawing = (events) => {
    const watch = new DrawingWatch();
    return events.map(([now, drawn]) => watch.told(drawn, now));
  };
  window.refusal = (settings) => {
    try { ladderConfig(settings); return null; } catch (error) { return error.message; }
  };
  Object.assign(window, { isOfLadder, takenRungs });
}"""

CAMERA = (Rung.MOTION, Rung.LOW, Rung.VIDEO)
CONFIGS = {
    "motion only": LadderConfig(),
    "the avatar": LadderConfig(rungs=(Rung.MOTION, Rung.LOW)),
    "the camera": LadderConfig(rungs=CAMERA, of_camera=True),
    "every rung": LadderConfig(rungs=tuple(Rung), of_camera=True),
    "other settings": LadderConfig(
        rungs=CAMERA, of_camera=True, unsure_s=0.3, sure_s=0.5, settle_s=0.5, hold_s=2, slow=20
    ),
}
SETTINGS = {
    "rungs": "rungs",
    "of_camera": "ofCamera",
    "unsure_s": "unsureFor",
    "sure_s": "sureFor",
    "settle_s": "settle",
    "still_s": "stillFor",
    "hold_s": "hold",
    "slow": "slow",
}


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_page(chromium, call_files()) as opened:
        opened.evaluate(LOAD)
        yield opened


def looks_of(seed: int) -> list[tuple[float, Look]]:
    """Five minutes in which faces, lines and machines are good and bad for some seconds each."""
    rnd = random.Random(seed)
    now, looks = 100.0, list[tuple[float, Look]]()
    until, confidence, drawn, lost, late_s, carried = 0.0, 1.0, None, 0.0, 0.0, None
    still: bool | None = None
    while now < 400:
        if now >= until:
            until = now + rnd.uniform(0.5, 12)
            confidence = rnd.choice([0.0, 0.5, 0.7, 0.9, 1.0])
            drawn = rnd.choice([None, None, 8.5, 9.5, 4.0, 15.0])
            lost = rnd.choice([0.0, 0.0, 0.02, 0.06, 0.125, 0.3])
            late_s = rnd.choice([0.0, 0.0, 0.1, 0.2, 0.3025, 1.0])
            carried = rnd.choice([None, 1.0, 1.0, 0.5])
            still = rnd.choice([None, True, True, False])
        looks.append((now, Look(confidence, drawn, lost, late_s, carried, still)))
        now += rnd.uniform(0.1, 0.5)
    return looks


def flickers_of(seed: int, unread: float) -> list[tuple[float, Look]]:
    """A minute in which a share ``unread`` of the looks cannot be read."""
    rnd = random.Random(seed)
    now, looks = 100.0, list[tuple[float, Look]]()
    while now < 160:
        looks.append((now, Look(0.0 if rnd.random() < unread else 0.76)))
        now += rnd.uniform(0.2, 0.22)
    return looks


def stands(
    page: Any, looks: list[tuple[float, Look]], config: LadderConfig
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Python's and the page's, after each of ``looks``."""
    ladder, ours = Ladder(), list[list[Any]]()
    for now, look in looks:
        ladder = climbed(ladder, look, now, config)
        ours.append(list(ladder))
    settings = {there: getattr(config, here) for here, there in SETTINGS.items()}
    fields = ("confidence", "drawn", "lost", "late", "carried", "still")
    told = [[now, dict(zip(fields, look, strict=True))] for now, look in looks]
    given = {"settings": settings | {"rungs": list(map(int, config.rungs))}, "looks": told}
    return ours, page.evaluate("(given) => climb(given)", given)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_page_stands_on_the_rung_that_python_stands_on(page: Any, name: str) -> None:
    config, rungs = CONFIGS[name], set[Rung]()
    for seed in range(3):
        ours, theirs = stands(page, looks_of(seed), config)
        assert theirs == ours
        rungs |= {stand[0] for stand in ours}
    assert rungs == set(config.rungs), "all of them are stood on"


@pytest.mark.parametrize(
    ("unread", "highest"), [(0.1, Rung.MOTION), (0.5, Rung.VIDEO), (0.8, Rung.VIDEO)]
)
def test_the_page_climbs_for_a_face_that_flickers_when_python_does(
    page: Any, unread: float, highest: Rung
) -> None:
    for seed in range(3):
        ours, theirs = stands(page, flickers_of(seed, unread), CONFIGS["every rung"])
        assert theirs == ours
        assert max(stand[0] for stand in ours) == highest


@pytest.mark.parametrize(("pattern", "climbs"), [("x.", True), ("x....", False), ("x", True)])
def test_the_page_counts_each_frame_as_python_does(page: Any, pattern: str, climbs: bool) -> None:
    looks = [
        (k / 25, Look(0.0 if pattern[k % len(pattern)] == "x" else 0.76)) for k in range(30 * 25)
    ]
    ours, theirs = stands(page, looks, CONFIGS["the camera"])
    assert theirs == ours
    assert (theirs[-1][0] != Rung.MOTION) is climbs


def test_the_page_knows_of_its_line_what_python_knows(page: Any) -> None:
    rnd = random.Random(5)
    watch, events, ours = LineWatch(), list[list[Any]](), list[list[Any]]()
    now = 10.0
    told: list[Any]
    for _ in range(400):
        now += rnd.expovariate(1.0)
        what = rnd.randrange(5)
        if what == 0:
            told = ["motionWasLost", rnd.random()]
            watch.motion_was_lost(told[1])
        elif what == 1:
            told = ["cameBack", rnd.uniform(0.01, 0.5)]
            watch.came_back(told[1])
        elif what == 2:
            told = ["wereSeen", rnd.randrange(20), rnd.random(), rnd.randrange(15), now]
            watch.were_seen(*told[1:])
        elif what == 3:
            told = ["draws", rnd.uniform(0, 30), now]
            watch.draws(*told[1:])
        else:
            told = ["beginPictures"]
            watch.begin_pictures()
        events.append([now, *told])
        ours.append(list(watch.look(0.5, now))[:-1])
    assert page.evaluate("(events) => watchLine(events)", events) == ours


def test_the_page_tells_of_its_drawing_when_python_does(page: Any) -> None:
    rnd = random.Random(7)
    watch, events, ours = DrawingWatch(), list[list[Any]](), list[float | None]()
    now, drawn, rate, until = 0.0, 0.0, 20.0, 0.0
    for _ in range(3000):
        now += 0.2
        if now >= until:
            until, rate = now + rnd.uniform(1, 20), rnd.choice([0.0, 6.0, 12.0, 25.0, -1.0])
        drawn += max(rate, 0) * 0.2
        told = None if rate < 0 else int(drawn)
        events.append([now, told])
        ours.append(watch.told(told, now))
    assert len([each for each in ours if each is not None]) >= 4
    assert page.evaluate("(events) => watchDrawing(events)", events) == ours


@pytest.mark.parametrize(
    "settings",
    [{"rungs": [2]}, {"rungs": [0, 3]}, {"rungs": [0, 2, 2], "ofCamera": True}, {"rungs": [0, 9]}],
)
def test_rungs_that_cannot_be_are_refused(page: Any, settings: dict[str, Any]) -> None:
    assert "rungs" in page.evaluate("(settings) => refusal(settings)", settings)


@pytest.mark.parametrize(
    ("message", "usable"),
    [
        ({"type": "rung", "rung": "low", "shows": "camera", "why": "so"}, True),
        ({"type": "rung", "rung": "roof", "shows": "camera", "why": "so"}, False),
        ({"type": "rung", "rung": 2, "shows": "camera", "why": "so"}, False),
        ({"type": "rung", "rung": "low", "shows": "<b>", "why": "so"}, False),
        ({"type": "rung", "rung": "low", "shows": "avatar", "why": "w" * 201}, False),
        ({"type": "pictures", "sdp": "v=0"}, True),
        ({"type": "pictures", "sdp": "v" * 7001}, False),
        ({"type": "pictures taken", "sdp": None}, False),
        ({"type": "sees", "pictures": 12, "lost": 0.5}, True),
        ({"type": "sees", "pictures": -1, "lost": 0.5}, False),
        ({"type": "sees", "pictures": 1.5, "lost": 0.5}, False),
        ({"type": "sees", "pictures": 1, "lost": "0"}, False),
        ({"type": "draws", "pictures": 1001}, False),
        ({"type": "constructor"}, False),
        ({"type": ["rung"]}, False),
        ({}, False),
    ],
)
def test_the_page_takes_only_what_an_honest_end_says(
    page: Any, message: dict[str, Any], usable: bool
) -> None:
    assert page.evaluate("(message) => isOfLadder(message)", message) is usable


def test_of_a_hello_the_page_knows_the_rungs_that_it_knows(page: Any) -> None:
    takes = {"takes": ["video", "low", "hologram"]}
    assert page.evaluate("(hello) => takenRungs(hello)", takes) == [0, 2, 3]
    for earlier in ({}, {"takes": "low"}, {"takes": [None, {}]}):
        assert page.evaluate("(hello) => takenRungs(hello)", earlier) == [0]
