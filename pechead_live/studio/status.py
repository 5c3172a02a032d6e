"""STATUS of the API: the last seconds of a session in figures."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pechead_live.live.measurements import Measurements, Timed, percentile

RECENT_S = 5.0
"""What figures are taken over."""

CHART_S, POINT_S = 30.0, 0.25
"""Length of the chart, and of one of its points, seconds."""

LATENCY_S = 0.5
"""How long a median of the latency is good for."""

STAGES = ("track", "render", "output")


class Counts(NamedTuple):
    """Frames so far, to take differences of."""

    at: float
    frames: int
    dropped: int


def figures(measurements: Measurements, now: float) -> dict[str, Any]:
    """fps, latency_ms, stages_ms, drops and chart; None where there is nothing yet."""
    timed = measurements.since(now - CHART_S)
    recent = {
        stage: [one for one in values if one.at > now - RECENT_S] for stage, values in timed.items()
    }
    latency = recent.get("latency", [])
    return {
        "fps": _rate(recent.get("render", [])),
        "latency_ms": _percentiles(latency) if latency else None,
        "stages_ms": {
            stage: round(1000 * percentile([one.seconds for one in recent[stage]], 50), 1)
            for stage in STAGES
            if recent.get(stage)
        },
        "drops": measurements.dropped(),
        "chart": _chart(timed.get("latency", []), now),
    }


def median_latency(measurements: Measurements, now: float) -> float:
    """Of the last seconds, in seconds; 0 where there is nothing yet."""
    recent = measurements.since(now - RECENT_S).get("latency", [])
    return percentile([one.seconds for one in recent], 50) if recent else 0.0


def _percentiles(values: Sequence[Timed]) -> dict[str, float]:
    seconds = [one.seconds for one in values]
    return {f"p{p}": round(1000 * percentile(seconds, p), 1) for p in (50, 95)}


def _rate(values: Sequence[Timed]) -> float | None:
    if len(values) < 2 or values[-1].at <= values[0].at:
        return None
    return round((len(values) - 1) / (values[-1].at - values[0].at), 1)


def _chart(values: Sequence[Timed], now: float) -> list[dict[str, float]]:
    points: dict[int, list[Timed]] = {}
    for one in values:
        points.setdefault(int((one.at - now) // POINT_S), []).append(one)
    return [
        {"t": round(place * POINT_S, 2)} | _percentiles(points[place]) for place in sorted(points)
    ]
