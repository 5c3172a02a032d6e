"""The stills that a page keeps: as many as a program keeps, and the same."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from calling_page import opened_calling_page

from pechead_live.avatar.still import digest_of
from pechead_live.calling import known_stills
from pechead_live.calling.known_stills import MOST, KnownStills

pytestmark = pytest.mark.browser

RUN = """async (events) => {
  const known = await import("/page/calling/known_stills.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g), (two) => parseInt(two, 16));
  const told = [];
  for (const [digest, content] of events) {
    if (content) await known.keep(digest, bytes(content));
    else told.push((await known.find(digest)) !== null);
  }
  const kept = await (await caches.open("stills")).keys();
  return [told, kept.map(({ url }) => url.split("/").at(-1)).sort()];
}"""

SPOIL = """async (digest) => {
  const cache = await caches.open("stills");
  await cache.put(`/stills/${digest}`, new Response("spoilt"));
}"""


@pytest.fixture
def page(chromium: str) -> Iterator[Any]:
    with opened_calling_page(chromium) as opened:
        yield opened


def content_of(number: int) -> bytes:
    return b"still %d" % number


def test_a_page_keeps_the_stills_that_were_used_last_as_a_program_does(
    page: Any, tmp_path: Path
) -> None:
    keeps = [*range(MOST), None, 3, None, *range(MOST, MOST + 10), 5]
    finds = (0, 7, MOST - 1, 3)
    events: list[tuple[str, bytes | None]] = []
    for number in keeps:
        if number is None:
            events += [(digest_of(content_of(each)), None) for each in finds]
        else:
            events.append((digest_of(content_of(number)), content_of(number)))
    events += [(digest_of(content_of(each)), None) for each in (*finds, 1, 2, 4, MOST + 9)]
    known = KnownStills(tmp_path)
    found: list[bool] = []
    for at, (digest, content) in enumerate(events):
        path = tmp_path / f"{digest}.still"
        if content is None:
            found.append(known.find(digest) is not None)
        else:
            known.keep(content)
        if path.exists():
            os.utime(path, (at, at))  # a clock that always goes on
    kept = sorted(path.stem for path in tmp_path.glob("*.still"))
    told = [(digest, content and content.hex()) for digest, content in events]
    assert page.evaluate(RUN, told) == [found, kept]
    assert len(kept) == known_stills.MOST
    assert {True, False} == set(found)


def test_a_still_that_is_not_what_it_is_called_is_not_found(page: Any) -> None:
    digest = digest_of(content_of(1))
    assert page.evaluate(RUN, [(digest, content_of(1).hex()), (digest, None)])[0] == [True]
    page.evaluate(SPOIL, digest)
    assert page.evaluate(RUN, [(digest, None)])[0] == [False]
