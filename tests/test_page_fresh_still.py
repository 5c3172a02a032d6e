"""A page says and moves a fresh still as a program does."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from calling_page import opened_calling_page
from still_samples import astronaut
from stream_motion import MOTION

from pechead_live.avatar.still import Edition, still_of
from pechead_live.calling.ladder.fresh_still import RELATIVE, anchor_of, told_still
from pechead_live.calling.messages import read_message, write_message
from pechead_live.coefficients import Coefficients
from pechead_live.motion import initial_motion_state, retarget

pytestmark = pytest.mark.browser

LOAD = """async () => {
  const page = "/page/calling/";
  const { anchorFrom, movedAs, toldStill } = await import(page + "fresh_still.js");
  const { FreshExchange } = await import(page + "fresh_exchange.js");
  const { isOfLadder } = await import(page + "ladder_messages.js");
  const { StillExchange } = await import(page + "still_exchange.js");
  Object.assign(window, { anchorFrom, isOfLadder, toldStill });
  window.moves = ({ message, rest, motion }) => {
    const moved = movedAs({ avatar: { rest }, anchor: anchorFrom(message) });
    return motion.map(({ now, ...coefficients }) => {
      const { expression, rotation, translation, scale } = moved(coefficients, now);
      return { expression: [...expression], rotation: [...rotation], translation, scale };
    });
  };
  window.taken = async ({ digest, content, forgets }) => {
    const [kept, avatars, shown] = [[], [], []];
    const known = { find: async () => null, keep: async (name) => kept.push(name) };
    const onAvatar = () => avatars.push(1);
    const mine = { known, send() {}, mine: [{ digest: "00".repeat(32), content: [] }], onAvatar };
    const [here, there] = [new StillExchange(mine), new StillExchange({ ...mine, mine: [] })];
    here.offer({ digest, content: Uint8Array.from(content) });
    there.wantFresh({ digest, bytes: content.length }, () => shown.push(1));
    here.asked(digest);
    for (let now = 10; there.receiving; now += 0.02) {
      const riders = here.riders(now);
      if (riders.size) there.hear(riders, now);
      const receipts = there.riders(now);
      if (receipts.size) here.hear(receipts, now);
    }
    if (forgets) there.forgetFresh();
    await new Promise((resolve) => setTimeout(resolve, 500));
    here.withdraw();
    here.asked(digest);
    return { kept, avatars, shown, left: here.riders(1000).size };
  };
  window.asked = ({ message, stands }) => {
    const [sent, shown] = [[], []];
    const known = { find: async () => null, keep: async () => {} };
    const stills = new StillExchange({ mine: [], known, send: (m) => sent.push(m), onAvatar() {} });
    const fresh = new FreshExchange({ stills, say() {}, onFresh: (f) => shown.push(f) });
    let now = 10;
    return stands.map(([rung, shows]) => {
      now += 2;
      fresh.look({ rung, shows });
      fresh.hear(message, now, { rung, shows });
      stills.tick(now, false);
      return [sent.length, shown.length];
    });
  };
}"""


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_calling_page(chromium) as opened:
        opened.evaluate(LOAD)
        yield opened


STILL = still_of(astronaut(), Edition(height=128, most_bytes=4000))


def told(pose: Coefficients) -> dict[str, Any]:
    """As the page has coefficients."""
    return {
        "identity": pose.identity.tolist(),
        "expression": pose.expression.tolist(),
        "rotation": pose.rotation.reshape(-1).tolist(),
        "translation": pose.translation.tolist(),
        "scale": pose.scale,
        "confidence": pose.confidence,
    }


def test_a_page_says_of_a_still_what_a_program_says(page: Any) -> None:
    for anchor in MOTION[::20]:
        ours = told_still(STILL, anchor)
        given = [{"digest": STILL.digest, "content": list(STILL.content)}, told(anchor)]
        theirs = page.evaluate("([still, anchor]) => toldStill(still, anchor)", given)
        for name in ("turn", "place", "expression"):  # a rounding may go the other way
            assert theirs.pop(name) == pytest.approx(ours[name], abs=1.1e-4), name
        assert theirs == {name: ours[name] for name in ("type", "digest", "bytes")}
        assert page.evaluate("(message) => isOfLadder(message)", ours)


def test_a_page_moves_it_as_a_program_does(page: Any) -> None:
    message = read_message(write_message(told_still(STILL, MOTION[5])))
    assert message is not None
    rest, state = astronaut().rest, initial_motion_state(anchor_of(message))
    motion = [replace(pose, captured_at=1 + k / 25) for k, pose in enumerate(MOTION[:100])]
    theirs = page.evaluate(
        "(given) => moves(given)",
        {
            "message": message,
            "rest": told(rest),
            "motion": [told(pose) | {"now": pose.captured_at} for pose in motion],
        },
    )
    for pose, seen in zip(motion, theirs, strict=True):
        ours, state = retarget(replace(pose, confidence=1.0), rest, state, RELATIVE)
        assert seen["expression"] == pytest.approx(ours.expression.tolist(), abs=1e-4)
        assert seen["rotation"] == pytest.approx(ours.rotation.reshape(-1).tolist(), abs=1e-4)
        assert seen["translation"] == pytest.approx(ours.translation.tolist(), abs=1e-4)
        assert seen["scale"] == pytest.approx(ours.scale, rel=1e-4)
    assert np.ptp([seen["rotation"][2] for seen in theirs]) > 0.01, "it turns"


@pytest.mark.parametrize(
    "changed",
    [
        {"digest": "0" * 63},
        {"digest": 5},
        {"bytes": -1},
        {"turn": [0, 0]},
        {"place": [0, 0, 1e9]},
        {"place": [0, 0, None]},
        {"expression": [0] * 51},
        {"expression": "0"},
    ],
)
def test_a_message_that_says_no_pose_is_left(page: Any, changed: dict[str, Any]) -> None:
    message = told_still(STILL, MOTION[0]) | changed
    assert not page.evaluate("(message) => isOfLadder(message)", message)


def test_a_page_asks_for_it_on_its_rungs_only_and_then_shows_it_no_more(page: Any) -> None:
    message = told_still(STILL, MOTION[0])
    stands = [
        [0, "camera"],
        [1, "camera"],
        [2, "camera"],
        [3, "camera"],
        [2, "avatar"],
        [0, "avatar"],
    ]
    steps = page.evaluate("(given) => asked(given)", {"message": message, "stands": stands})
    assert steps[0] == [0, 0], "on the rung of motion there is none"
    asked = [count for count, _ in steps]
    assert asked[1] < asked[2] < asked[3] == asked[5]
    assert [shown for _, shown in steps] == [0, 0, 0, 0, 1, 1], "the avatar again"


@pytest.mark.parametrize("forgets", [False, True])
def test_a_page_never_keeps_one_nor_takes_it_for_the_avatar(page: Any, forgets: bool) -> None:
    given = {"digest": STILL.digest, "content": list(STILL.content), "forgets": forgets}
    told = page.evaluate("(given) => taken(given)", given)
    assert (told["kept"], told["avatars"]) == ([], [])
    assert len(told["shown"]) == (0 if forgets else 1)
    assert told["left"] == 0, "withdrawn, it is not to be had"
