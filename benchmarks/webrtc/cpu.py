"""CPU time of processes, from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class _Process(NamedTuple):
    number: int
    name: str
    seconds: float


def cpu_seconds(number: int) -> float:
    """User and system time so far of one process; 0 if it has ended."""
    return sum(process.seconds for process in _processes() if process.number == number)


def cpu_seconds_of(name: str) -> float:
    """Of all processes whose name contains ``name`` and that still run."""
    return sum(process.seconds for process in _processes() if name in process.name)


def _processes() -> Iterator[_Process]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _, after = entry.read_text().rpartition(")")
        except OSError:
            continue  # it ended
        fields = after.split()
        seconds = (int(fields[11]) + int(fields[12])) / TICKS
        yield _Process(int(entry.parent.name), before.partition("(")[2], seconds)
