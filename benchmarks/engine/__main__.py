"""``python -m benchmarks.engine``: how fast each exported network runs, and how much of the machine
it uses.

A row is a preset on a runtime in a precision with some threads, in a process of its own: what a
portrait takes once, and each frame, as the renderer calls the network, from bytes to bytes, driven
by a recorded motion. GFLOP/s are set against the most that a matrix product and a dense convolution
reach on this machine. Exports are made once and kept in ``out/engines``; without a GPU, rows that
need one are left out.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.engine.cases import DEFAULT_PRESETS, KINDS, RUNTIMES, Case, cases_of
from benchmarks.engine.ceiling import Ceiling, highest
from benchmarks.engine.clip import FRAMES, MOTION, PORTRAIT
from benchmarks.engine.files import CACHE, checkpoint_of, prepare
from benchmarks.engine.gpu import gpu_name
from benchmarks.engine.row import FEWEST, WARM_UP
from benchmarks.engine.table import Row, ceiling_table, head, line, row_of
from benchmarks.own_process import asked
from benchmarks.record import write_record

CEILING_S = 2.0
"""For each measurement of the ceiling."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures every case, prints the tables and writes the record."""
    arguments = parser().parse_args(argv)
    gpu = gpu_name()
    results = run(arguments, gpu)
    if not arguments.no_record:
        print(f"record: {write_record('engine', results, settings(arguments, gpu))}")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(prog="benchmarks.engine", description=__doc__)
    text = "default: %(default)s"
    parser.add_argument(
        "--presets", nargs="+", choices=KINDS, default=DEFAULT_PRESETS, help=text, metavar="PRESET"
    )
    text = f"of {', '.join(RUNTIMES)} (default: all that this machine has the processor for)"
    parser.add_argument("--runtimes", nargs="+", choices=RUNTIMES, metavar="RUNTIME", help=text)
    text = "of the CPU (default: 1 2)"
    parser.add_argument("--threads", nargs="+", type=int, default=(1, 2), metavar="N", help=text)
    text = "of a row at most (default: %(default)s)"
    parser.add_argument("--frames", type=int, default=300, help=text)
    text = "for the frames of a row; slow networks draw fewer (default: %(default)s)"
    parser.add_argument("--seconds", type=float, default=10.0, help=text)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the exports")
    parser.add_argument("--no-record", action="store_true", help="for a look; writes no record")
    return parser


def run(arguments: argparse.Namespace, gpu: str | None) -> dict[str, Any]:
    """The results of the record; prints them as they come."""
    if min(arguments.frames, *arguments.threads) < 1:
        raise SystemExit("benchmarks.engine: --frames and --threads must be 1 or more")
    names = arguments.runtimes or [n for n, r in RUNTIMES.items() if gpu or not r.on_gpu]
    presets: Sequence[str] = arguments.presets
    cases = cases_of(presets, names, arguments.threads)
    found = ceilings(names, arguments.threads)
    print(ceiling_table(found), flush=True)
    print(f"\n{head()}", flush=True)
    rows: list[Row] = []
    for case in cases:
        rows.append(measured(case, found, arguments))
        print(line(rows[-1]), flush=True)
    return {"ceilings": _highest_of_each(found), "ceiling_runs": found, "rows": rows}


def measured(case: Case, ceilings: Sequence[Row], arguments: argparse.Namespace) -> Row:
    """One row: what is missing is exported, then a process measures."""
    cache = arguments.cache.absolute()
    counts = prepare(case, cache)
    load = _load()
    told: dict[str, Any] = {}
    if "reason" not in counts:
        limits = {"frames": arguments.frames, "seconds": arguments.seconds}
        request = {"case": case._asdict(), "cache": str(cache), **limits}
        told = asked("benchmarks.engine.row", request, case.threads)
    return row_of(case, counts, told, ceiling_of(case, ceilings), load)


def ceilings(names: Sequence[str], threads: Sequence[int]) -> list[Row]:
    """What the runtimes of ``names`` reach, with each of ``threads`` and with all of the CPU's; on
    a GPU by torch alone."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    counts = sorted({*threads, cores or 1})
    devices = dict.fromkeys(RUNTIMES[name].device for name in names if not RUNTIMES[name].on_gpu)
    wanted = [(device, "fp32", count) for device in devices for count in counts]
    if any(RUNTIMES[name].on_gpu for name in names):
        wanted += [("torch:cuda", precision, threads[0]) for precision in ("fp32", "fp16")]
    found: list[Row] = []
    for device, precision, count in wanted:
        asked_for = {"device": device, "precision": precision, "threads": count}
        load = _load()
        told = asked("benchmarks.engine.ceiling", {**asked_for, "seconds": CEILING_S}, count)
        row = {"runtime": device, "precision": precision, "threads": count}
        found.append({**row, **told, "load_before": load})
    return found


def ceiling_of(case: Case, ceilings: Sequence[Row]) -> Ceiling | None:
    """The one to measure ``case`` by. A CPU's is float32's, also for half precision, which it
    computes so, and for small integers, which may therefore reach more."""
    if RUNTIMES[case.runtime].on_gpu:
        kept = [r for r in ceilings if r["runtime"] == "torch:cuda"]
        return highest(r for r in kept if r["precision"] == case.precision)
    kept = [r for r in ceilings if r["runtime"] != "torch:cuda"]
    return highest(r for r in kept if r["threads"] == case.threads)


def settings(arguments: argparse.Namespace, gpu: str | None) -> dict[str, Any]:
    """What the figures depend on beside the machine."""
    weights = {p: "untrained" if checkpoint_of(p) is None else "shipped" for p in arguments.presets}
    return {
        "weights": weights,
        "gpu": gpu,
        "portrait": PORTRAIT,
        "motion": MOTION,
        "different_frames": FRAMES,
        "warm_up_frames": WARM_UP,
        "most_frames": arguments.frames,
        "fewest_frames": FEWEST,
        "seconds_of_a_row": arguments.seconds,
        "note": "a row draws frames until it has enough or its time is over, so slow ones have few "
        "and their p95 and p99 are then their slowest; peak_memory_mb is of the whole process, "
        "memory_before_mb of it before a runtime was loaded; GFLOP/s are at the p50, two for each "
        "multiply-accumulate",
    }


def _highest_of_each(found: Sequence[Row]) -> list[Row]:
    groups = dict.fromkeys(
        ("GPU" if row["runtime"] == "torch:cuda" else "CPU", row["precision"], row["threads"])
        for row in found
    )
    told: list[Row] = []
    for of, precision, threads in groups:
        best = highest(
            row
            for row in found
            if (row["runtime"] == "torch:cuda") == (of == "GPU")
            and (row["precision"], row["threads"]) == (precision, threads)
        )
        if best is not None:
            told.append({"of": of, "precision": precision, "threads": threads, **best._asdict()})
    return told


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


if __name__ == "__main__":
    sys.exit(main())
