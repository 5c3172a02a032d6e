"""A progress line on stderr: it moves on a terminal, and is one closing line in a log."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

WIDTH = 30
"""Characters of the bar."""

INTERVAL_S = 0.1
"""Between two drawings on a terminal."""


def progress(
    iterable: Iterable[Item],
    total: int | None,
    label: str,
    tell: Callable[[Item], str] | None = None,
    place: Callable[[Item], int] | None = None,
) -> Iterator[Item]:
    """Passes the items on and draws how far it is; ``total`` None counts without a bar.

    ``tell`` says what there is to say of the newest item, beside the bar; ``place`` which of the
    total it is, for work that was begun another time.
    """
    terminal = sys.stderr.isatty()
    started = drawn = time.monotonic()
    earlier = count = 0
    said = ""
    try:
        for number, item in enumerate(iterable, start=1):
            count = number if place is None else place(item)
            earlier = count - number
            yield item
            now = time.monotonic()
            said = tell(item) if tell is not None else ""
            if terminal and now - drawn >= INTERVAL_S:
                drawn = now
                print(
                    f"\r{_line(label, count, total, now - started, said, earlier)}",
                    end="",
                    file=sys.stderr,
                )
    finally:
        clear = "\r" if terminal else ""
        line = _line(label, count, total, time.monotonic() - started, said, earlier)
        print(f"{clear}{line}", file=sys.stderr, flush=True)


def _line(
    label: str, count: int, total: int | None, elapsed: float, said: str, earlier: int
) -> str:
    new = count - earlier
    rate = f"{new / elapsed:.{0 if new >= elapsed else 2}f}/s" if elapsed > 0 else ""
    said = f", {said}" if said else ""
    if not total:
        return f"{label}: {count} in {elapsed:.1f} s, {rate}{said}  "
    share = min(1.0, count / total)
    bar = ("=" * round(share * WIDTH)).ljust(WIDTH)
    return f"{label} [{bar}] {count}/{total} in {elapsed:.1f} s, {rate}{said}  "
