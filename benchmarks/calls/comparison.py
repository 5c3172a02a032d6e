"""At how near we come, the bits that video needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.calls.points import OURS, Point, needed

FIGURES = ("akd_px", "epd", "l1")
"""Smaller is nearer."""


def compare(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Each of our points with each codec: the rates at which video comes as near."""
    codecs = dict.fromkeys(each.codec for each in points if each.codec not in ("", OURS))
    return [
        comparison(points, ours, codec, figure)
        for ours in points
        if ours.codec == OURS
        for figure in FIGURES
        if getattr(ours, figure) is not None
        for codec in codecs
    ]


def comparison(points: Sequence[Point], ours: Point, codec: str, figure: str) -> dict[str, Any]:
    """One of our points with one codec; factors are of its rate over ours."""
    target = getattr(ours, figure)
    plain = needed(points, codec, figure, target, lambda p: p.cost.kbit_per_s)
    spread = needed(points, codec, figure, target, lambda p: p.spread_kbit_per_s)
    wire = needed(points, codec, figure, target, lambda p: p.cost.wire["rtp"])
    return {
        "ours": f"{ours.series}, {ours.step}",
        "figure": figure,
        "value": round(target, 4),
        "codec": codec,
        "kbit_per_s": _rounded(plain.kbit_per_s),
        "already_at_its_lowest": plain.at_most,
        "series": plain.series,
        "factor": _over(plain.kbit_per_s, ours.cost.kbit_per_s),
        "factor_ten_minute_call": _over(spread.kbit_per_s, ours.spread_kbit_per_s),
        "wire_kbit_per_s": _rounded(wire.kbit_per_s),
        "factor_data_channel": _over(wire.kbit_per_s, ours.cost.wire["data channel"]),
        "factor_with_audio": _over(wire.kbit_per_s, ours.cost.wire["with audio"]),
    }


def by_clip(clips: Mapping[str, Sequence[Point]], ours: str) -> dict[str, dict[str, Any]]:
    """Per clip: what one of our points costs and shows, and what AV1 needs for as much."""
    found: dict[str, dict[str, Any]] = {}
    for name, points in clips.items():
        mine = next(p for p in points if f"{p.series}, {p.step}" == ours)
        found[name] = {"kbit_per_s": round(mine.cost.kbit_per_s, 3)}
        for line in compare(points):
            if line["ours"] == ours and line["codec"] == "AV1":
                figure = line["figure"]
                found[name][figure] = line["value"]
                found[name][f"av1_kbit_per_s_at_our_{figure}"] = line["kbit_per_s"]
                found[name][f"factor_at_our_{figure}"] = line["factor"]
    return found


def comparison_words(line: Mapping[str, Any]) -> str:
    """A comparison as a line."""
    name = f"{line['ours']:42} {line['figure']:6} {line['value']:6.3f} {line['codec']:5}"
    if line["kbit_per_s"] is None:
        return f"{name} not reached"
    most = "at most " if line["already_at_its_lowest"] else ""
    return (
        f"{name} {most}{line['kbit_per_s']:.2f} kbit/s ({line['series']}): factor "
        f"{line['factor']:.1f}; on the wire {line['factor_data_channel']:.1f} by data channel, "
        f"{line['factor_with_audio']:.1f} with audio"
    )


def _over(rate: float | None, ours: float) -> float | None:
    return None if rate is None else round(rate / ours, 2)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
