"""How many threads a network may take of a machine that also tracks, captures and sends."""

import os

from pechead_live.errors import InputError

MOST = 4
"""More gain little: the largest layer of a small network is too short to share out further."""


def host_threads(threads: int | None) -> int:
    """``threads`` if given, `InputError` below 1; else half of the processors this process may use.

    The other half is the tracker's, which runs at the same time.
    """
    if threads is None:
        return max(1, min(MOST, _processors() // 2))
    if threads < 1:
        raise InputError(f"an engine cannot run on {threads} threads: give 1 or more")
    return threads


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
