"""Messages of a call that no honest end sends: they are counted, and nothing fails."""

import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from dialogue_line import Call, End
from hypothesis import given, settings
from stream_motion import HEADER, MOTION

from pechead_live.calling.messages import LONGEST, MOST_STILLS, Message, hello
from pechead_live.calling.riders import (
    COEFFICIENTS,
    EARLIER,
    FEEDBACK,
    PIECE,
    RECEIPT,
    pack_riders,
)
from pechead_live.calls.header import MAGIC


def told(message: Message) -> str:
    """As a dishonest end may send it."""
    return json.dumps(message)


def test_without_a_common_version_it_ends_with_a_sentence_at_both_ends(tmp_path: Path) -> None:
    end = End(tmp_path)
    later = hello(name="Zoe", stills=[], rides=True, holds_ms=0, takes=[]) | {"versions": [7, 8]}
    end.dialogue.hear_control(told(later), 1.0)
    assert end.dialogue.ended is not None
    assert "version" in end.dialogue.ended
    goodbye = end.wires.controls[-1]
    assert isinstance(goodbye, str)
    other = End(tmp_path, "Zoe")
    other.dialogue.hear_control(goodbye, 1.0)
    assert "version" in (other.dialogue.ended or "")


def test_a_later_release_that_still_knows_this_version_is_met(tmp_path: Path) -> None:
    end = End(tmp_path)
    later = hello(name="Zoe", stills=[], rides=True, holds_ms=0, takes=[]) | {"versions": [3, 2, 1]}
    more = {"type": "reaction", "emoji": "wave"}
    for message in (later | {"colour": "blue"}, more):
        end.dialogue.hear_control(told(message), 1.0)
    assert end.dialogue.ended is None and end.dialogue.peer_name == "Zoe"
    assert end.dialogue.counts["messages not understood"] == 1


def test_a_name_of_any_length_and_kind_may_begin_a_call(tmp_path: Path) -> None:
    talk = Call((End(tmp_path / "a", "n" * 3000), End(tmp_path / "b", "Ben\x1b[2J\n")))
    talk.run(1)
    names = [end.dialogue.peer_name for end in talk.ends]
    assert all(name is not None and name.isprintable() for name in names)


def test_a_goodbye_holds_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    end = End(tmp_path)
    end.dialogue.hear_control('{"type":"bye","why":"\\u001b[2Jgone\\u202e\\ud800"}', 1.0)
    assert (end.dialogue.ended or "").isprintable()


HELLO = hello(name="Zoe", stills=[], rides=True, holds_ms=0, takes=[])
DIGEST = "0" * 64
TOO_MANY = [{"digest": DIGEST, "bytes": 9}] * (MOST_STILLS + 1)
NOT_UNDERSTOOD = [
    "",
    "7",
    "null",
    "[]",
    "{}",
    "{",
    "[" * LONGEST,
    "1" * LONGEST,
    "x" * (LONGEST + 1),
    told({"type": "later"}),
    told({"type": ["hello"]}),
    told({"type": "want"}),
    told({"type": "want", "digest": "../../etc/passwd"}),
    told({"type": "want", "digest": DIGEST.replace("0", "A")}),
    told({"type": "ping", "at": True}),
    told({"type": "ping", "at": "now"}),
    '{"type":"ping","at":NaN}',
    '{"type":"ping","at":Infinity}',
    '{"type":"pong","at":1,"here":-Infinity}',
    '{"type":"began","at":1' + "0" * 400 + "}",
    told({"type": "bye", "why": 7}),
    told({"type": "bye", "why": "x" * 201}),
    *(
        told(HELLO | fields)
        for fields in (
            {"versions": 1},
            {"versions": ["1"]},
            {"versions": [1] * 17},
            {"name": None},
            {"name": "x" * 201},
            {"rides": 1},
            {"holds_ms": -1},
            {"holds_ms": 1e3},
            {"holds_ms": 251},
            {"stills": {}},
            {"stills": [DIGEST]},
            {"stills": TOO_MANY},
            {"stills": [{"digest": DIGEST, "bytes": -1}]},
            {"stills": [{"digest": DIGEST, "bytes": 1 << 50}]},
        )
    ),
]


@pytest.mark.parametrize("message", NOT_UNDERSTOOD, ids=lambda text: text[:40])
def test_such_a_message_is_counted_and_answered_by_nothing(tmp_path: Path, message: str) -> None:
    end = End(tmp_path)
    end.dialogue.hear_control(message, 1.0)
    assert end.dialogue.counts["messages not understood"] == 1
    assert end.dialogue.peer_name is None
    assert end.wires.controls == []


def test_a_second_hello_changes_nothing(tmp_path: Path) -> None:
    end = End(tmp_path)
    end.dialogue.hear_control(told(HELLO), 1.0)
    end.dialogue.hear_control(told(HELLO | {"name": "Eve"}), 1.0)
    assert end.dialogue.peer_name == "Zoe"
    assert end.dialogue.counts["messages not understood"] == 1


def test_a_still_that_is_too_large_is_not_asked_for(tmp_path: Path) -> None:
    end = End(tmp_path)
    end.dialogue.hear_control(told(HELLO | {"stills": [{"digest": DIGEST, "bytes": 1 << 30}]}), 1.0)
    assert end.wires.controls == []


def test_a_still_that_is_not_what_was_promised_is_left(tmp_path: Path) -> None:
    end = End(tmp_path)
    end.dialogue.hear_control(told(HELLO | {"stills": [{"digest": DIGEST, "bytes": 5}]}), 1.0)
    end.dialogue.hear_motion(pack_riders({PIECE: bytes(8) + bytes(4) + b"hello"}), 1.1)
    assert end.avatars == []
    assert list(tmp_path.glob("*")) == []
    assert end.dialogue.stills.counts["stills received"] == 1


texts = st.sampled_from(("type", "at", "here", "why", "name", "digest", "versions", "stills"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
types = st.sampled_from(("hello", "want", "ready", "ping", "pong", "rung", "began", "bye", "x"))


def message_of(kind: str, fields: Message) -> str:
    return told(HELLO | fields | {"type": kind})


messages = st.builds(
    message_of,
    types,
    st.dictionaries(texts, values, max_size=4),
)
NUMBERS: tuple[int, ...] = (EARLIER, COEFFICIENTS, FEEDBACK, PIECE, RECEIPT)
riders = st.dictionaries(
    st.sampled_from(NUMBERS),
    st.binary(max_size=40),
    min_size=1,
).map(pack_riders)


@settings(deadline=None, max_examples=60)
@given(
    controls=st.lists(messages | st.text(max_size=50) | st.binary(max_size=50), max_size=12),
    motions=st.lists(riders | st.binary(max_size=80), max_size=12),
    header=st.binary(max_size=430),
)
def test_whatever_comes_nothing_fails(
    controls: list[str | bytes], motions: list[bytes], header: bytes
) -> None:
    end = End(Path("/nowhere/at/all"))
    end.dialogue.open(said_hello=False)
    now = 1.0
    for message in [HEADER.to_bytes(), MAGIC + header, *controls]:
        now += 0.1
        end.dialogue.hear_control(message, now)
        end.dialogue.tick(now)
    end.dialogue.say(MOTION[0], now, now)
    for message in motions:
        now += 0.1
        end.dialogue.hear_motion(message, now)
        end.dialogue.take_riders(now)
        end.dialogue.tick(now)
        end.arrivals.pose(now)
