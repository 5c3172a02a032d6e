"""What the live loop measures about itself."""

import math
import threading
from collections import Counter, deque
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from pechead_live.clock import Clock, monotonic

KEPT = 4096
"""Newest durations kept per stage: two minutes at 30 frames/s, 32 KB."""

PERCENTILES = (50, 95, 99)


class Timed(NamedTuple):
    """A duration."""

    at: float
    """When it ended, seconds of the clock."""

    seconds: float
    """How long it took."""


def percentile(values: Sequence[float], percent: float) -> float:
    """Linear between the two nearest ranks; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    position = (len(ordered) - 1) * percent / 100
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


class Measurements:
    """Durations per stage, counts of events, drops per slot; safe to fill from every thread."""

    def __init__(self, clock: Clock = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._durations: dict[str, deque[Timed]] = {}
        self._counts: Counter[str] = Counter()
        self._written: Counter[str] = Counter()
        self._first_written: dict[str, float] = {}
        self._last_written: dict[str, float] = {}
        self._drops: dict[str, int] = {}
        self._started = clock()
        self._stopped: float | None = None

    def add(self, stage: str, seconds: float) -> None:
        """One duration of a stage, which ended now."""
        timed = Timed(self._clock(), seconds)
        with self._lock:
            self._durations.setdefault(stage, deque(maxlen=KEPT)).append(timed)

    def count(self, event: str, number: int = 1) -> None:
        """``event`` happened."""
        with self._lock:
            self._counts[event] += number

    def written(self, sink: str, now: float) -> None:
        """A picture has reached ``sink``."""
        with self._lock:
            self._written[sink] += 1
            self._first_written.setdefault(sink, now)
            self._last_written[sink] = now

    def drops(self, slot: str, number: int) -> None:
        """How many values the slot has dropped so far."""
        with self._lock:
            self._drops[slot] = number

    def stop(self) -> None:
        """Ends the measured time."""
        self._stopped = self._clock()

    def counted(self, event: str) -> int:
        """How often ``event`` happened."""
        with self._lock:
            return self._counts[event]

    def dropped(self) -> dict[str, int]:
        """What every slot has dropped, as far as it was told."""
        with self._lock:
            return dict(self._drops)

    def since(self, began: float) -> dict[str, list[Timed]]:
        """The durations of every stage that ended after ``began``, seconds of the clock."""
        with self._lock:
            return {
                stage: list(takewhile(lambda timed: timed.at > began, reversed(values)))[::-1]
                for stage, values in self._durations.items()
            }

    def report(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON; durations in milliseconds, rates in frames/s."""
        with self._lock:
            stopped = self._clock() if self._stopped is None else self._stopped
            stages = {
                stage: {
                    **{f"p{p}_ms": _ms(percentile(values, p)) for p in PERCENTILES},
                    "count": len(values),
                }
                for stage, values in self._seconds().items()
            }
            latency = stages.pop("latency", None)
            return {
                "seconds": round(stopped - self._started, 3),
                "first_picture_ms": _ms(
                    min(self._first_written.values(), default=math.nan) - self._started
                ),
                "latency": latency,
                "stages": stages,
                "sinks": {
                    sink: {"pictures": number, "fps": self._rate(sink)}
                    for sink, number in self._written.items()
                },
                "drops": dict(self._drops),
                "events": dict(self._counts),
            }

    def table(self) -> str:
        """The report as text for people."""
        report = self.report()
        lines = [f"{'':24}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'count':>8}"]
        rows = {"capture to sink": report["latency"]} if report["latency"] else {}
        rows |= report["stages"]
        for stage, row in rows.items():
            numbers = "".join(f"{row[f'p{p}_ms']:>9.1f}" for p in PERCENTILES)
            lines.append(f"{stage:24}{numbers}{row['count']:>8}")
        for sink, row in report["sinks"].items():
            lines.append(f"sink {sink}: {row['pictures']} pictures, {row['fps'] or 0:.1f} frames/s")
        drops = ", ".join(f"{slot} {number}" for slot, number in report["drops"].items())
        lines.append(f"dropped: {drops or 'nothing'}")
        events = ", ".join(f"{event} {number}" for event, number in report["events"].items())
        lines.append(f"counted: {events or 'nothing'}")
        return "\n".join(lines)

    def _seconds(self) -> dict[str, list[float]]:
        return {
            stage: [timed.seconds for timed in values] for stage, values in self._durations.items()
        }

    def _rate(self, sink: str) -> float | None:
        span = self._last_written[sink] - self._first_written[sink]
        return round((self._written[sink] - 1) / span, 2) if span > 0 else None


def _ms(seconds: float) -> float | None:
    return None if math.isnan(seconds) else round(seconds * 1000, 3)
