"""A page refuses the stills that a program refuses, and opens the others as it does."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from calling_page import opened_calling_page
from forged_stills import FORGED, still, with_rest
from still_samples import astronaut

from pechead_live.avatar.received_still import open_still
from pechead_live.avatar.still import FULL, GLIMPSE, Edition, still_of
from pechead_live.errors import InputError

pytestmark = pytest.mark.browser

OPEN = """async (text) => {
  const { openStill } = await import("/page/calling/still.js");
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  try {
    const { name, consent, rest, delta } = await openStill(bytes);
    return { name, consent, translation: [...rest.translation], delta: [...delta] };
  } catch { return null; }
}"""


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_calling_page(chromium) as opened:
        yield opened


def opened(page: Any, content: bytes) -> dict[str, Any] | None:
    """None if the page refuses it."""
    return page.evaluate(OPEN, base64.b64encode(content).decode())


@pytest.mark.parametrize("edition", [FULL, GLIMPSE])
def test_a_page_opens_a_still_as_a_program_does(page: Any, edition: Edition) -> None:
    content = still(edition).content
    ours, theirs = open_still(content), opened(page, content)
    assert theirs is not None
    assert (theirs["name"], theirs["consent"]) == (ours.name, ours.consent)
    np.testing.assert_allclose(theirs["delta"], ours.delta.ravel(), atol=1e-6)


@pytest.mark.parametrize("what", FORGED)
def test_a_page_refuses_a_forged_still(page: Any, what: str) -> None:
    told = [opened(page, content) is None for content in FORGED[what]()]
    assert told == [True] * len(told)


def test_a_page_draws_the_line_where_a_program_does(page: Any) -> None:
    told: list[bool] = []
    for place, values in ((9, np.linspace(-1.2, 1.2, 17)), (11, np.geomspace(0.002, 8, 17))):
        for value in values:
            content = with_rest(lambda rest, p=place, v=value: rest.__setitem__(p, v))
            try:
                open_still(content)
                told.append(True)
            except InputError:
                told.append(False)
            assert (opened(page, content) is not None) == told[-1], f"{value} at {place}"
    assert 10 < sum(told) < len(told) - 5


def test_texts_of_any_letters_are_shown_alike(page: Any) -> None:
    for name in ("Åsa \N{SNOWMAN}", "Ann\x1b[2J\u2028\u202e", "\N{WAVING HAND SIGN}" * 400):
        content = still_of(replace(astronaut(), name=name), FULL).content
        theirs = opened(page, content)
        assert theirs is not None
        assert theirs["name"] == open_still(content).name
