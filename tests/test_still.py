"""A still: the portrait in a few kilobytes, and whatever else comes in its place is refused."""

import io
import resource
import time
import tracemalloc
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from forged_stills import FORGED, still, with_facts, with_part
from hypothesis import given, settings
from PIL import Image
from still_samples import astronaut, difference

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.received_still import open_still
from pechead_live.avatar.still import (
    FULL,
    GLIMPSE,
    LONGEST_TEXT,
    MAGIC,
    MOST_BYTES,
    VERSION,
    Edition,
    digest_of,
    still_of,
)
from pechead_live.errors import InputError
from pechead_live.frame import Pixels
from pechead_live.renderer.analytic import AnalyticRenderer

MOST_MEMORY = 64 * 1024 * 1024
LONGEST_S = 1.0
"""Of work, to refuse anything."""


def drawn(avatar: Avatar) -> Pixels:
    renderer = AnalyticRenderer(avatar, 256, 256)
    return renderer.render(avatar.rest, renderer.initial_state())[0].pixels


def refuse(content: bytes) -> None:
    """Fails unless ``content`` is refused at once, in little memory."""
    began = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            open_still(content)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < LONGEST_S
    assert most < MOST_MEMORY


@pytest.mark.parametrize(("edition", "levels"), [(FULL, 4.0), (GLIMPSE, 10.0)])
def test_a_still_shows_nearly_the_portrait(edition: Edition, levels: float) -> None:
    shown = open_still(still(edition).content)
    assert difference(drawn(shown), drawn(astronaut())) < levels
    assert np.abs(shown.points - astronaut().points).max() < 1 / edition.height


@pytest.mark.parametrize("edition", [FULL, GLIMPSE])
def test_it_is_as_small_and_as_high_as_its_edition_says(edition: Edition) -> None:
    assert edition.most_bytes / 2 < len(still(edition).content) <= edition.most_bytes
    avatar = open_still(still(edition).content)
    assert avatar.matte.shape[0] == edition.height
    assert avatar.person.shape == avatar.background.shape == (*avatar.matte.shape, 3)


def test_the_same_avatar_gives_the_same_bytes_and_they_name_it() -> None:
    again = still_of(astronaut(), GLIMPSE)
    assert again == still(GLIMPSE)
    assert again.digest == digest_of(again.content) == open_still(again.content).digest


def test_name_consent_and_date_go_along() -> None:
    given_ = replace(astronaut(), name="Åsa \N{SNOWMAN}", consent="I, Åsa, allow it")
    avatar = open_still(still_of(given_, GLIMPSE).content)
    assert (avatar.name, avatar.consent) == (given_.name, given_.consent)
    assert avatar.created == given_.created


def test_the_pose_goes_along_exactly() -> None:
    rest, shown = astronaut().rest, open_still(still().content).rest
    for name in ("rotation", "translation", "scale", "identity", "expression"):
        assert np.allclose(getattr(shown, name), getattr(rest, name), rtol=1e-6)


def test_what_a_terminal_obeys_is_taken_out_of_the_texts_at_both_ends() -> None:
    bad = "Ann\x1b[2J\r\n\u202e\u0007\ud800"
    assert open_still(with_facts(name=bad)).name == "Ann [2J"
    assert open_still(still_of(replace(astronaut(), name=bad), GLIMPSE).content).name == "Ann [2J"


def test_texts_that_are_too_long_are_cut_by_the_sender_and_refused_by_the_receiver() -> None:
    long = replace(astronaut(), name="\x01" * 500 + "n" * 500, consent='"' * 500)
    assert open_still(still_of(long, FULL).content).name == "n" * LONGEST_TEXT
    refuse(with_facts(name="n" * (LONGEST_TEXT + 1)))


def test_without_consent_there_is_no_still() -> None:
    with pytest.raises(InputError, match="no consent"):
        still_of(replace(astronaut(), consent="\n"), GLIMPSE)
    with pytest.raises(InputError, match="no consent"):
        open_still(with_facts(consent=" \x00"))


def test_a_still_of_a_later_version_says_so() -> None:
    content = bytearray(still().content)
    content[4] = VERSION + 1
    with pytest.raises(InputError, match=f"version {VERSION + 1}"):
        open_still(bytes(content))


@pytest.mark.parametrize(("height", "most"), [(0, 3000), (5000, 3000), (96, 9), (96, 1 << 30)])
def test_an_edition_beyond_reason_is_refused(height: int, most: int) -> None:
    with pytest.raises(InputError, match="give"):
        Edition(height=height, most_bytes=most)


def test_what_does_not_fit_into_its_edition_is_refused() -> None:
    with pytest.raises(InputError, match="does not fit"):
        still_of(astronaut(), Edition(height=256, most_bytes=1500))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_still_is_refused_or_still_a_portrait(data: st.DataObject) -> None:
    content = bytearray(still(GLIMPSE).content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(("flip", "cut", "insert", "end"))):
            case "flip":
                content[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del content[at + 1 : at + data.draw(st.integers(1, 300))]
            case "insert":
                content[at:at] = data.draw(st.binary(min_size=1, max_size=300))
            case _:
                del content[at + 1 :]
    try:
        avatar = open_still(bytes(content))
    except InputError:
        return
    assert avatar.name.isprintable()
    assert avatar.rest.is_finite()
    assert np.isfinite(avatar.points).all()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_nobody_wrote_are_refused(content: bytes) -> None:
    for start in (b"", MAGIC, MAGIC + bytes([VERSION, 0, 0, 0, len(content) & 255])):
        with pytest.raises(InputError):
            open_still(start + content)
        refuse(still(GLIMPSE).content[: len(content)])


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_still_is_refused(what: str) -> None:
    for content in FORGED[what]():
        refuse(content)


def test_a_picture_that_claims_to_be_huge_takes_no_memory() -> None:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (912, 512), colour) for colour in ("gray", "red")]
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    picture = bytearray(buffer.getvalue())
    assert picture[12:16] == b"VP8X"
    picture[24:30] = b"\xfe\x3f\x00\xfe\x3f\x00"  # 16383 x 16383
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refuse(with_part("person", bytes(picture)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY / 1024


def test_what_is_longer_than_any_still_is_refused_unseen() -> None:
    refuse(still().content + bytes(MOST_BYTES))
