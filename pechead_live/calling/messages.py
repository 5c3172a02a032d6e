"""Messages of the control channel: JSON, each with its type and checked fields.

The channel is reliable and in order; everything else goes another way (`calling.riders`).
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from pechead_live.calling.ladder.rungs import Rung
from pechead_live.calls.header import VERSIONS
from pechead_live.coefficients import EXPRESSION_SIZE

LONGEST = 8192
"""Characters of a message."""

LONGEST_NAME = 200
LONGEST_SDP = 7000
MOST_STILLS = 4
MOST_HELD_MS = 250
MOST_RUNGS = 16
MOST_NUMBER = 10.0
"""Of a pose: radians, picture units, logarithms."""

Message = dict[str, Any]


RUNGS = tuple(rung.word for rung in Rung)
"""Words of the ladder."""


def hello(
    *, name: str, stills: list[Message], rides: bool, holds_ms: int, takes: Sequence[str]
) -> Message:
    """The first message of either end. ``stills``: digest and bytes of each edition of its avatar,
    the smallest first; ``rides``: whether it finds what rides in sound; ``holds_ms``: it may
    keep coefficients so long, to send several at once, which is no jitter of the line;
    ``takes``: rungs of the ladder above motion that it can show. This program can derive the
    stream's header (`riders.DERIVED`)."""
    return {
        "type": "hello",
        "versions": list(VERSIONS),
        "name": name,
        "stills": stills,
        "rides": rides,
        "holds_ms": holds_ms,
        "takes": list(takes),
        "derives": True,
    }


def taken_rungs(message: Message) -> tuple[Rung, ...]:
    """Of a hello, those that this release knows; an earlier release's says nothing of them."""
    told = message.get("takes")
    words = told[:MOST_RUNGS] if isinstance(told, list) else ()
    return tuple(rung for rung in Rung if rung is Rung.MOTION or rung.word in words)


def common_version(message: Message) -> int | None:
    """The highest version that both ends know; None if there is none."""
    return max((v for v in VERSIONS if v in message["versions"]), default=None)


def write_message(message: Message) -> str:
    """As it is sent."""
    return json.dumps(_printable(message), separators=(",", ":"), ensure_ascii=False)


def read_message(text: str) -> Message | None:
    """None if it is no message of these types; one of a later release's is ignored so."""
    if len(text) > LONGEST:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    fields = _FIELDS.get(str(message.get("type")))
    if fields is None or not all(check(message.get(name)) for name, check in fields.items()):
        return None
    return _printable(message)


def _printable(message: Message) -> Message:
    """Names and words without anything that a terminal obeys, and not too long."""
    fields = _FIELDS.get(message["type"], {})
    names = [name for name, check in fields.items() if check is _is_name]
    cleaned = {n: "".join(c if c.isprintable() else " " for c in message[n]) for n in names}
    return message | {name: text.strip()[:LONGEST_NAME] for name, text in cleaned.items()}


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 40


def _is_held(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST_HELD_MS


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and abs(value) < 1e12


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NAME


def _is_flag(value: object) -> bool:
    return type(value) is bool


def _is_share(value: object) -> bool:
    return _is_time(value) and 0 <= float(value) <= 1  # type: ignore[arg-type]


def _is_rate(value: object) -> bool:
    return _is_time(value) and 0 <= float(value) <= 1000  # type: ignore[arg-type]


def _is_sdp(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_SDP


def _is_rung(value: object) -> bool:
    return isinstance(value, str) and value in RUNGS


def _is_shown(value: object) -> bool:
    return value in ("avatar", "camera")


def _are_numbers(count: int) -> Callable[[object], bool]:
    def are(value: object) -> bool:
        return isinstance(value, list) and len(value) == count and all(map(_is_number, value))

    return are


def _is_number(value: object) -> bool:
    return _is_time(value) and abs(float(value)) <= MOST_NUMBER  # type: ignore[arg-type]


def _are_versions(value: object) -> bool:
    return isinstance(value, list) and len(value) <= 16 and all(_is_count(v) for v in value)


def _are_stills(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_STILLS
        and all(
            isinstance(still, dict)
            and _is_digest(still.get("digest"))
            and _is_count(still.get("bytes"))
            for still in value
        )
    )


_FIELDS: dict[str, dict[str, Any]] = {
    "hello": {
        "versions": _are_versions,
        "name": _is_name,
        "stills": _are_stills,
        "rides": _is_flag,
        "holds_ms": _is_held,
    },
    "ready": {},
    "ping": {"at": _is_time},
    "pong": {"at": _is_time, "here": _is_time},
    "began": {"at": _is_time},
    "bye": {"why": _is_name},
    "rung": {"rung": _is_rung, "shows": _is_shown, "why": _is_name},
    "pictures": {"sdp": _is_sdp},
    "pictures taken": {"sdp": _is_sdp},
    "sees": {"pictures": _is_count, "lost": _is_share},
    "draws": {"pictures": _is_rate},
    "still": {
        "digest": _is_digest,
        "bytes": _is_count,
        "turn": _are_numbers(3),
        "place": _are_numbers(3),
        "expression": _are_numbers(EXPRESSION_SIZE),
    },
}
