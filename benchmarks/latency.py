"""``python -m benchmarks.latency``: how long from the camera to the sink, measured in pixels.

A camera draws the time into the frames of a real clip; they go through the whole live loop, tracker
and renderer included, to a sink that reads the time back (`clocked_parts`). Each size and
rate runs in a process of its own, so that its peak memory and its start are its own.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.moving_portrait import write_moving_portrait
from benchmarks.record import write_record
from pechead_live.cli.models import ANALYTIC, LITE
from pechead_live.clock import monotonic
from pechead_live.errors import InputError
from pechead_live.samples import sample

ROOT = Path(__file__).resolve().parent.parent
CLIP = ROOT.parent / "shared" / "data" / "test" / "clips" / "v0011.mp4"
"""512 x 480, 19.6 s: a head that turns, long enough not to start again while it is measured."""

STAND_IN = ROOT / "out" / "latency" / "moving_portrait.mp4"
"""Drawn when that clip is not there."""

Goals = dict[str, tuple[str, float]]

GOALS: Goals = {
    "fps": ("at least", 25.0),
    "p50_ms": ("at most", 60.0),
    "p95_ms": ("at most", 100.0),
    "peak_memory_mb": ("at most", 700.0),
    "first_picture_s": ("at most", 3.0),
}
"""Of the analytic renderer."""

NETWORK_GOALS: Goals = GOALS | {"p50_ms": ("at most", 70.0), "p95_ms": ("at most", 120.0)}
"""Of a model with weights."""

TITLES = (
    "drawn by",
    "size",
    "camera fps",
    "fps",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "CPU % of a core",
    "peak MB",
    "first picture s",
    "first driven s",
    "dropped",
    "load before",
)
"""Columns of the first table."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs every size and rate, prints tables, writes the record."""
    parser = argparse.ArgumentParser(prog="benchmarks.latency", description=__doc__)
    parser.add_argument("--fps", default="25,30", help="of the camera (default: %(default)s)")
    parser.add_argument("--size", default="256,512", help="of the picture (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="each (default: %(default)s)")
    parser.add_argument("--clip", type=Path, help="what the camera sees (default: a test clip)")
    parser.add_argument(
        "--source", type=Path, help="a prepared .avatar (default: the bundled portrait)"
    )
    parser.add_argument(
        "--model", nargs="+", default=[ANALYTIC], help="each of them (default: %(default)s)"
    )
    parser.add_argument("--checkpoint", type=Path, help="weights of the one network in --model")
    parser.add_argument("--engine", help="what runs the networks in --model")
    parser.add_argument(
        "--int8",
        action=argparse.BooleanOptionalAction,
        help="lite networks in 8 bits or not (default: both)",
    )
    parser.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")
    parser.add_argument("--no-record", action="store_true", help="for a look; writes no record")
    arguments = parser.parse_args(argv)
    try:
        sizes, rates = numbers_in(arguments.size), numbers_in(arguments.fps)
        clip = arguments.clip or (CLIP if CLIP.is_file() else write_moving_portrait(STAND_IN))
        if not clip.is_file():
            raise InputError(f"there is no clip {clip}: give --clip a video of a face")
        results = [
            run(model, int(size), fps, clip, arguments, precision)
            for model in arguments.model
            for precision in precisions(model, arguments)
            for size in sizes
            for fps in rates
        ]
    except InputError as error:
        print(f"benchmarks.latency: {error}", file=sys.stderr)
        return 2
    print(tables(results))
    if not arguments.no_record:
        settings = {"clip": clip.name, "seconds": arguments.seconds, "warm_up_s": 2.0}
        print(f"record: {write_record('latency', {'runs': results}, settings)}")
    return 0


def numbers_in(text: str) -> list[float]:
    """``25,30`` to numbers above 0."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) <= 0:
        raise InputError(f"{text!r} are no numbers above 0: write for example 25,30")
    return numbers


def precisions(model: str, arguments: argparse.Namespace) -> tuple[str, ...]:
    """Options of the runs of ``model``: a lite network is measured in 8 bits and in 32."""
    folder = arguments.checkpoint is None or arguments.checkpoint.is_dir()
    if model not in LITE or arguments.engine is not None or not folder:
        return ("",)
    both = {True: "--int8", False: "--no-int8"}
    return tuple(both.values()) if arguments.int8 is None else (both[arguments.int8],)


def run(
    model: str,
    size: int,
    fps: float,
    clip: Path,
    arguments: argparse.Namespace,
    precision: str = "",
) -> dict[str, Any]:
    """One model, size and rate in a process of its own; what it measured, and the goals."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    print(
        f"{model}, {size} x {size} at {fps:g} frames/s for {arguments.seconds:g} s", file=sys.stderr
    )
    command = [
        *(sys.executable, "-m", "benchmarks.clocked_loop"),
        *("--clip", str(clip), "--source", str(arguments.source or sample("astronaut.avatar"))),
        *("--size", str(size), "--fps", str(fps), "--seconds", str(arguments.seconds)),
        *(("--landmarker", str(arguments.landmarker)) if arguments.landmarker else ()),
        *network_options(model, arguments),
        *([precision] if precision else []),
    ]
    started_at = ("--started-at", repr(monotonic()))
    done = subprocess.run(
        [*command, *started_at], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise InputError(f"the run at {size} and {fps:g} frames/s failed: see the lines above")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    asked = GOALS if model == ANALYTIC else NETWORK_GOALS
    return result | {"model": model, "load_before": load, "goals": goals(result, asked)}


def network_options(model: str, arguments: argparse.Namespace) -> list[str]:
    """Of the process that runs ``model``."""
    if model == ANALYTIC:
        return []
    given = {"--checkpoint": arguments.checkpoint, "--engine": arguments.engine}
    named = [word for name, value in given.items() if value for word in (name, str(value))]
    return ["--model", model, *named]


def goals(result: dict[str, Any], asked: Goals = GOALS) -> dict[str, dict[str, Any]]:
    """What was asked for and what was reached; the rate is compared as it is printed, since a
    camera of 25 frames/s cannot give 25.01."""
    values = {
        **result,
        "p50_ms": result["latency_ms"]["p50"],
        "p95_ms": result["latency_ms"]["p95"],
        "fps": None if result["fps"] is None else round(result["fps"], 1),
    }
    compared: dict[str, dict[str, Any]] = {}
    for name, (way, bound) in asked.items():
        value = values[name]
        met = value is not None and (value >= bound if way == "at least" else value <= bound)
        compared[name] = {way: bound, "is": value, "met": met}
    return compared


def tables(results: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row per run, then the stages, then what was not reached."""
    lines = [
        f"| {' | '.join(TITLES)} |",
        "|---" * len(TITLES) + "|",
    ]
    for result in results:
        latency = result["latency_ms"]
        cells = [
            *(
                result["drawn_by"],
                result["size"],
                f"{result['camera_fps']:g}",
                _shown(result["fps"], 1),
            ),
            *(_shown(latency[p], 1) for p in ("p50", "p95", "p99")),
            _shown(result.get("cpu_percent_of_one_core"), 0),
            _shown(result["peak_memory_mb"], 0),
            _shown(result["first_picture_s"], 2),
            _shown(result["first_driven_picture_s"], 2),
            ", ".join(f"{slot} {count}" for slot, count in result["drops"].items()),
            _shown(result["load_before"], 1),
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    stages = list(dict.fromkeys(stage for result in results for stage in result["stages"]))
    lines += ["", f"| stage, p50 / p95 / p99 ms | {' | '.join(map(_name, results))} |"]
    lines.append("|---" * (len(results) + 1) + "|")
    for stage in stages:
        rows = [result["stages"].get(stage) for result in results]
        cells = [
            "-" if row is None else " / ".join(f"{row[f'p{p}_ms']:.1f}" for p in (50, 95, 99))
            for row in rows
        ]
        lines.append(f"| {stage} | {' | '.join(cells)} |")
    lines.append("")
    for result in results:
        missed = [
            f"{name} {_shown(goal['is'], 1)}"
            for name, goal in result["goals"].items()
            if not goal["met"]
        ]
        lines.append(f"{_name(result)}: {'NOT met: ' + ', '.join(missed) if missed else 'all met'}")
        wrong = result["time_mismatches"] + result["unreadable_pictures"]
        if wrong:
            lines.append(f"  {wrong} times could not be read: these figures are not to be trusted")
    return "\n".join(lines)


def _name(result: dict[str, Any]) -> str:
    model, _, provider = result["drawn_by"].partition(" ")
    eight = " int8" if provider.endswith("int8") else ""
    return f"{model}{eight} {result['size']} at {result['camera_fps']:g}"


def _shown(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
