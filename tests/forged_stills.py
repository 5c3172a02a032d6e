"""Stills as nobody sends them who means well, made of the sample's by the format alone."""

import io
import json
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from PIL import Image
from still_samples import astronaut

from pechead_live.avatar.still import (
    FULL,
    GLIMPSE,
    LARGEST_CARD,
    LONGEST_TEXT,
    MAGIC,
    VERSION,
    Edition,
    Still,
    still_of,
)

PARTS = ("rest", "missing", "person", "matte", "background")

Card = dict[str, Any]
Parts = dict[str, bytes]


@cache
def still(edition: Edition = FULL) -> Still:
    return still_of(astronaut(), edition)


def taken_apart(content: bytes) -> tuple[Card, Parts]:
    """The card and the parts of a still, by the format alone."""
    at = 9 + int.from_bytes(content[5:9], "big")
    card, parts = json.loads(content[9:at]), {}
    for name, length in zip(PARTS, card["parts"], strict=True):
        parts[name] = content[at : at + length]
        at += length
    return card, parts


def with_card(card: bytes, parts: Parts) -> bytes:
    head = MAGIC + bytes([VERSION]) + len(card).to_bytes(4, "big")
    return head + card + b"".join(parts.values())


def joined(card: Card, parts: Parts) -> bytes:
    card = card | {"parts": [len(part) for part in parts.values()]}
    return with_card(json.dumps(card).encode(), parts)


def with_facts(**facts: object) -> bytes:
    card, parts = taken_apart(still().content)
    return joined(card | facts, parts)


def with_part(name: str, part: bytes) -> bytes:
    card, parts = taken_apart(still().content)
    return joined(card, parts | {name: part})


def with_rest(change: Callable[[np.ndarray], None]) -> bytes:
    rest = np.frombuffer(taken_apart(still().content)[1]["rest"], "<f4").copy()
    change(rest)
    return with_part("rest", rest.tobytes())


def encoded(width: int, height: int, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "gray").save(buffer, kind)
    return buffer.getvalue()


NO_SIZES = [1 << 60, 10**300, float("inf"), float("nan"), -512, 0, None, [912], "wide"]
NO_STEPS = [0, float("nan"), -1e-3, float("inf"), 2, {}, None]
NO_TEXTS = [None, 7, "", " \0", "\u2028", ["Ann"], {}, "n" * (LONGEST_TEXT + 1)]
NO_CARDS = (
    b'null [] 7 "parts" \xff\xfe { {"parts":7} {"parts":[]} {"parts":{"a":1,"b":1,"c":1,"d":1}} '
    b'{"parts":[-1,1,1,1,1]} {"parts":[true,1,1,1,1]} {"parts":[1e3,1,1,1,1]}'
).split()
DEEP = [b"[" * (LARGEST_CARD - 1), b'{"parts":' * 400, b'{"parts":[' + b"9" * 3000 + b",1,1,1,1]}"]


def _facts(values: list[Any], *names: str) -> Iterator[bytes]:
    for name in names:
        for value in values:
            yield with_facts(**{name: value})
    yield with_facts(**dict.fromkeys(names, values[0]))


def _cards() -> Iterator[bytes]:
    for card in (b"", *NO_CARDS, *DEEP, b" " * (LARGEST_CARD + 1)):
        yield with_card(card, taken_apart(still(GLIMPSE).content)[1])


def _put(place: int | slice, value: Any) -> bytes:
    return with_rest(lambda rest: rest.__setitem__(place, value))


def _poses() -> Iterator[bytes]:
    mirrored = np.diag([1, 1, -1]).reshape(-1)
    numbers = [(0, np.nan), (11, np.inf), (11, 0.0), (11, -1.0), (20, 1e30)]
    yield from (_put(place, value) for place, value in numbers)
    for turn in (0.0, 2 * np.eye(3).reshape(-1), mirrored):
        yield _put(slice(0, 9), turn)
    yield with_part("rest", bytes(457))


def _out_of_the_picture() -> Iterator[bytes]:
    for place in (9, 10):
        for way in (3.0, 1.1, -1.1, -20.0):
            yield _put(place, way)
    yield _put(11, 15.0)
    yield with_facts(missing_step=0.5)


def _far_from_the_model() -> Iterator[bytes]:
    """Though near in the picture."""
    yield _put(11, 0.001)
    yield _put(11, 0.005)


def _points() -> Iterator[bytes]:
    for part in (b"", b"none", zlib.compress(bytes(955)), zlib.compress(bytes(957))):
        yield with_part("missing", part)
    yield with_part("missing", zlib.compress(bytes(100_000_000), 9))


def _pictures() -> Iterator[bytes]:
    card, _ = taken_apart(still().content)
    width, height = card["width"], card["height"]
    wrong = encoded(width, height - 1, "WEBP"), encoded(width, height, "PNG"), b"RIFF", b""
    for name in ("person", "matte", "background"):
        for part in wrong:
            yield with_part(name, part)


FORGED: dict[str, Callable[[], Iterator[bytes]]] = {
    "sizes that are none": lambda: _facts(NO_SIZES, "width", "height"),
    "steps that are none": lambda: _facts(NO_STEPS, "missing_step"),
    "texts that are none": lambda: _facts(NO_TEXTS, "name", "consent", "created"),
    "cards that are none": _cards,
    "poses that are none": _poses,
    "a face out of the picture": _out_of_the_picture,
    "a face far from the model": _far_from_the_model,
    "points that are no face or unfold without end": _points,
    "pictures of another size or kind": _pictures,
}
"""By what is wrong with them."""
