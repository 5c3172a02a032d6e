"""How many threads a network may take of a machine that also tracks, captures and sends."""

import os

from pechead_live.errors import InputError

MOST = 4
"""More gain little: the largest layer of a small network is too short to share out further."""


def host_threads(threads: int | None) -> int:
    """``threads`` if given, `InputError` below 1; else all of the processors that this process may
    use but the tracker's, and both where there are two.

    On two, beside a tracker that takes 12 of every 40 ms, lite-s draws in 24 ms with two threads
    and in 30 with one (512 x 512, median).
    """
    if threads is None:
        count = _processors()
        return min(MOST, count, max(2, count - 1))
    if threads < 1:
        raise InputError(f"an engine cannot run on {threads} threads: give 1 or more")
    return threads


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
