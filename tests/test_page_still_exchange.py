"""A page answers the pieces of stills as a program does: the same bytes at the same times."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calling_page import opened_calling_page

from pechead_live.avatar.still import digest_of
from pechead_live.calling.known_stills import KnownStills
from pechead_live.calling.riders import PIECE, RECEIPT, pack_riders, unpack_riders
from pechead_live.calling.still_exchange import REPEATED_S, StillExchange
from pechead_live.calling.transfer import MOST_RECEIPTS, PIECE_BYTES, pieces_of

pytestmark = pytest.mark.browser

RUN = """async ({ stills, events }) => {
  const { StillExchange } = await import("/page/calling/still_exchange.js");
  const { packRiders, unpackRiders } = await import("/page/calling/riders.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g), (two) => parseInt(two, 16));
  const hex = (array) => [...array].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const told = [];
  const exchange = new StillExchange({
    mine: [],
    known: { find: async () => null, keep: async () => {} },
    send: (message) => told.push(hex(message)),
    onAvatar() {},
  });
  await exchange.want(stills);
  for (const { now, heard, rides } of events) {
    if (heard) exchange.hear(unpackRiders(bytes(heard)), now);
    while (!exchange.receiving && exchange.wanted.length) {
      await new Promise((resolve) => setTimeout(resolve)); // the one that came is looked at
    }
    if (heard) continue;
    exchange.tick(now, rides);
    if (!rides) continue;
    const riders = exchange.riders(now);
    if (riders.size) told.push(hex(packRiders(riders)));
  }
  return told;
}"""


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_calling_page(chromium) as opened:
        yield opened


CONTENTS = [np.random.default_rng(size).bytes(size) for size in (2_780, 23_127)]
STILLS = [{"digest": digest_of(content), "bytes": len(content)} for content in CONTENTS]
TICK_S = 0.02


def said(folder: Path, events: list[dict[str, Any]]) -> list[bytes]:
    """By a program."""
    told: list[bytes] = []
    known = KnownStills(folder)
    exchange = StillExchange([], known=known, send=told.append, on_avatar=lambda _: None)
    exchange.want(STILLS)
    for event in events:
        now, rides = event["now"], event["rides"]
        if event["heard"]:
            exchange.hear(unpack_riders(bytes.fromhex(event["heard"])), now)
            continue
        exchange.tick(now, rides=rides)
        if rides and (receipt := exchange.take_receipt()):
            told.append(pack_riders(receipt))
    return told


def pieces_on(chance: random.Random, count: int) -> Iterator[bytes]:
    """Of both stills, ``count`` in a message, each until it came; some twice, out of order."""
    for content in CONTENTS:
        starts = list(range(0, len(content), count * PIECE_BYTES))
        chance.shuffle(starts)
        for start in starts:
            piece = pieces_of(content, digest_of(content), start, count)
            yield from [piece] * chance.choice((1, 1, 1, 2))
        yield pieces_of(content, digest_of(content), 0)  # its receipt was lost


def events_on(seed: int, *, rides: bool, count: int) -> list[dict[str, Any]]:
    """Pieces that come, ticks between them, and three seconds of ticks after the last."""
    chance = random.Random(seed)
    events: list[dict[str, Any]] = []
    now = 10.0

    def tick() -> None:
        nonlocal now
        now += TICK_S
        events.append({"now": now, "heard": None, "rides": rides})

    for piece in pieces_on(chance, count):
        events.append({"now": now, "heard": pack_riders({PIECE: piece}).hex(), "rides": rides})
        for _ in range(chance.choice((0, 0, 1, 4))):
            tick()
    for _ in range(round(3 / TICK_S)):
        tick()
    return events


@pytest.mark.parametrize("rides", [False, True])
@pytest.mark.parametrize(("seed", "count"), [(1, 1), (2, 4), (3, 1)])
def test_a_page_answers_pieces_as_a_program_does(
    page: Any, tmp_path: Path, seed: int, count: int, rides: bool
) -> None:
    events = events_on(seed, rides=rides, count=count)
    ours = said(tmp_path, events)
    theirs = page.evaluate(RUN, {"stills": STILLS, "events": events})
    assert theirs == [message.hex() for message in ours]
    last = [receipt for message in ours if (receipt := unpack_riders(message).get(RECEIPT))]
    assert len(last[-1]) == 8 + 4 * MOST_RECEIPTS, "what was told before goes again"


def test_after_the_last_piece_a_page_tells_all_again(page: Any) -> None:
    events = events_on(4, rides=False, count=1)
    came = [at for at, event in enumerate(events) if event["heard"]][-1]
    before = page.evaluate(RUN, {"stills": STILLS, "events": events[: came + 5]})
    after = page.evaluate(RUN, {"stills": STILLS, "events": events})
    assert len(after) - len(before) == len(REPEATED_S)
