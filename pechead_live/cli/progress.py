"""A progress line on stderr: it moves on a terminal, and is one closing line in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

WIDTH = 30
"""Characters of the bar."""

INTERVAL_S = 0.1
"""Between two drawings on a terminal."""


def progress(iterable: Iterable[Item], total: int | None, label: str) -> Iterator[Item]:
    """Passes the items on and draws how far it is; ``total`` None counts without a bar."""
    terminal = sys.stderr.isatty()
    started = drawn = time.monotonic()
    count = 0
    try:
        for count, item in enumerate(iterable, start=1):
            yield item
            now = time.monotonic()
            if terminal and now - drawn >= INTERVAL_S:
                drawn = now
                print(f"\r{_line(label, count, total, now - started)}", end="", file=sys.stderr)
    finally:
        clear = "\r" if terminal else ""
        line = _line(label, count, total, time.monotonic() - started)
        print(f"{clear}{line}", file=sys.stderr, flush=True)


def _line(label: str, count: int, total: int | None, elapsed: float) -> str:
    rate = f"{count / elapsed:.0f}/s" if elapsed > 0 else ""
    if not total:
        return f"{label}: {count} in {elapsed:.1f} s, {rate}  "
    share = min(1.0, count / total)
    bar = ("=" * round(share * WIDTH)).ljust(WIDTH)
    return f"{label} [{bar}] {count}/{total} in {elapsed:.1f} s, {rate}  "
