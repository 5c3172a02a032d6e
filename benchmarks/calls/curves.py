"""The curves of `benchmarks.calls.codecs`: bits a second to the right, distance from the original
upwards. Matplotlib comes with MediaPipe."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.calls.points import OURS, Point, needed

COLOURS = {
    "H.264": "#b4502d",
    "VP9": "#8a6fb0",
    "AV1": "#2f6db5",
    "AV1 12.5/s": "#2f6db5",
    OURS: "#12805c",
}

FIGURES: Mapping[str, tuple[str, tuple[float, float]]] = {
    "akd_px": ("AKD-mp: landmarks are off by, pixels of 256", (0.0, 3.0)),
    "epd": ("ePD: how different it looks", (0.0, 0.9)),
}
"""Figure to its words and the part of it that is drawn."""

TICKS = (0.5, 1, 2, 5, 10, 20, 50)

LEFT_OF_IT = 5.0
"""kbit/s: points beyond lie among the codecs' curves, there is room on their left."""

Rate = Callable[[Point], float]


def draw_curves(points: Sequence[Point], path: Path) -> None:
    """Writes the PNG, 1800 pixels wide, to be shown at half of that."""
    with matplotlib.rc_context({"font.size": 14, "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(12.5, 10.6), facecolor="white", layout="constrained")
        axes: Any = figure.subplots(2, 2)
        for column, name in enumerate(FIGURES):
            payload, wire = axes[0][column], axes[1][column]
            _dress(payload, name, "payload")
            _video(payload, points, name, _payload)
            _ours(payload, points, name, _payload)
            _times(payload, points, name)
            _dress(wire, name, "on the wire, all headers included")
            _video(wire, points, name, _on_the_wire("rtp"))
            for way in _ways(points):
                _ours(wire, points, name, _on_the_wire(way), f"ours, {way}")
        handles, labels = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(path, dpi=144, facecolor="white")


def envelope(
    points: Sequence[Point], codec: str, figure: str, rate: Rate
) -> list[tuple[float, float]]:
    """The least rate of ``codec`` for each value of ``figure``, and the value: as `needed` has it,
    the best of its series."""
    values = [value for p in points if p.codec == codec and (value := getattr(p, figure))]
    if not values:
        return []
    found = [
        (needed(points, codec, figure, float(target), rate), float(target))
        for target in np.geomspace(max(values), min(values) * (1 + 1e-9), 300)
    ]
    return [(each.kbit_per_s, target) for each, target in found if each.kbit_per_s is not None]


def _dress(axes: Any, figure: str, what: str) -> None:
    words, span = FIGURES[figure]
    axes.set(xscale="log", xlim=(0.45, 60), ylim=span, xlabel=f"kbit/s, {what}")
    axes.set_title(words, fontsize=14, loc="left")
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(color="#e4e4e4", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


def _video(axes: Any, points: Sequence[Point], figure: str, rate: Rate) -> None:
    """A line for the best that a codec does, a dot for each of its points."""
    for codec in dict.fromkeys(p.codec for p in points if p.codec not in ("", OURS)):
        colour, fewer = COLOURS[codec], codec.endswith("/s")
        label = codec.replace("/s", " pictures a second")
        best = envelope(points, codec, figure, rate)
        dashes = (0, (1.5, 1.5)) if fewer else "-"
        axes.plot(*_columns(best), color=colour, linestyle=dashes, linewidth=2.4, label=label)
        pairs = _pairs([p for p in points if p.codec == codec], figure, rate)
        axes.plot(*_columns(pairs), "o", color=colour, markersize=3.5, alpha=0.4)
    still = next((getattr(p, figure) for p in points if p.codec == ""), None)
    least, most = FIGURES[figure][1]
    if still is not None and least < still < most:
        axes.axhline(still, color="#888888", linewidth=1.2, linestyle=(0, (1, 2)))
        _say(axes, "the portrait, unmoved", (0.5, still), (0, 5), color="#666666")


def _ours(axes: Any, points: Sequence[Point], figure: str, rate: Rate, words: str = "") -> None:
    mine = [p for p in points if p.codec == OURS]
    for series in dict.fromkeys(p.series for p in mine):
        pairs = sorted(_pairs([p for p in mine if p.series == series], figure, rate))
        shape: dict[str, Any] = {"marker": "o", "markersize": 7.5, "linewidth": 2.2}
        if "lite-s" in series:
            shape = {"marker": "D", "markersize": 7.5, "linewidth": 0}
        if series.endswith("/s"):
            shape = {"marker": "^", "markersize": 8.5, "linewidth": 0}
        if "a packet" in series:
            shape["markerfacecolor"] = "white"
        label = series.replace("a packet", "frames a packet")
        label = label.replace("/s", " frames a second").replace("ours ", "ours, ")
        axes.plot(*_columns(pairs), color=COLOURS[OURS], label=label, **shape)
    rates, values = [rate(p) for p in mine], [getattr(p, figure) for p in mine]
    if words:
        words = words.replace(", ", ",\n")
        if min(rates) > LEFT_OF_IT:
            _say(axes, words, (min(rates), min(values)), (-10, 0), ha="right", va="center")
        else:
            place = ((min(rates) * max(rates)) ** 0.5, min(values))
            _say(axes, words, place, (0, -12), ha="center", va="top")


def _times(axes: Any, points: Sequence[Point], figure: str) -> None:
    """An arrow from our default quality to the best codec at as many pictures a second."""
    ours = next((p for p in points if p.codec == OURS and p.step == "0.15 px"), None)
    if ours is None:
        return
    start, value = ours.cost.kbit_per_s, getattr(ours, figure)
    end = needed(points, "AV1", figure, value, _payload).kbit_per_s
    if end is None or end <= start:
        return
    colour = COLOURS[OURS]
    style = {"arrowstyle": "->", "color": colour, "linewidth": 1.6, "shrinkA": 12, "shrinkB": 3}
    axes.annotate("", (end, value), (start, value), arrowprops=style)
    words = f"AV1 needs\n{end / start:.1f} times\nas many bits"
    _say(axes, words, (1.15 * start, value), (0, -9), va="top")


def _say(axes: Any, words: str, at: tuple[float, float], off: tuple[float, float], **how: Any):
    how = {"color": COLOURS[OURS], **how}
    axes.annotate(words, at, off, textcoords="offset points", **how)


def _payload(point: Point) -> float:
    return point.cost.kbit_per_s


def _on_the_wire(way: str) -> Rate:
    return lambda point: point.cost.wire[way]


def _ways(points: Sequence[Point]) -> list[str]:
    return next((list(p.cost.wire) for p in points if p.codec == OURS), [])


def _pairs(points: Sequence[Point], figure: str, rate: Rate) -> list[tuple[float, float]]:
    """Rate and distance of the points that show a face."""
    found = [(rate(p), getattr(p, figure)) for p in points]
    return [(each, distance) for each, distance in found if distance is not None]


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [rate for rate, _ in pairs], [distance for _, distance in pairs]
