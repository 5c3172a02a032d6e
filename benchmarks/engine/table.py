"""What was measured of a case set against what the machine can do, and all cases in a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.engine.cases import Case
from benchmarks.engine.ceiling import Ceiling

TITLES = (
    "network",
    "runtime",
    "precision",
    "threads",
    "source ms",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "frames",
    "peak MB",
    "GMAC",
    "GFLOP/s",
    "of ceiling",
    "load before",
)

Row = dict[str, Any]


def row_of(
    case: Case,
    counts: Mapping[str, Any],
    measured: Mapping[str, Any],
    ceiling: Ceiling | None,
    load: float | None,
) -> Row:
    """One row of the record; ``counts`` and ``measured`` each may be a reason why there is none.

    A multiply-accumulate is two operations. ``ceiling``: of as many threads.
    """
    row: Row = {**case._asdict(), "load_before": load}
    for told in (counts, measured):
        if "reason" in told:
            return {**row, "reason": told["reason"]}
    gflops = 2 * counts["gmac_frame"] / (measured["p50_ms"] / 1000)
    row |= {**counts, **measured, "gflops": round(gflops, 2)}
    if ceiling is not None:
        row |= {
            "ceiling_gflops": ceiling.gflops,
            "share_of_ceiling": round(gflops / ceiling.gflops, 4),
        }
    return row


def head() -> str:
    """The first two lines of the table."""
    return f"| {' | '.join(TITLES)} |\n{'|---' * len(TITLES)}|"


def line(row: Row) -> str:
    """A row as Markdown; of one that could not be measured the reason, in the column of times."""
    network = row["preset"] if row["upscale"] == 1 else f"{row['preset']}, twice the size"
    first = (network, row["runtime"], row["precision"], row["threads"])
    if "reason" in row:
        cells = (*first, "-", row["reason"].replace("|", "/"), *"-" * (len(TITLES) - 7))
    else:
        share = row.get("share_of_ceiling")
        cells = (
            *first,
            _shown(row["source_ms"], 1),
            *(_shown(row[f"p{p}_ms"], 1) for p in (50, 95, 99)),
            row["frames"],
            _shown(row["peak_memory_mb"], 0),
            f"{row['gmac_frame']:.3f}",
            _shown(row["gflops"], 1),
            "-" if share is None else f"{share:.0%}",
        )
    return f"| {' | '.join(map(str, cells))} | {_shown(row['load_before'], 1)} |"


def ceiling_table(found: Sequence[Row]) -> str:
    """Markdown of what each runtime reached."""
    lines = ["| runtime | precision | threads | product, GFLOP/s | 3x3 convolution, GFLOP/s |"]
    lines.append("|---|---|---|---|---|")
    for row in found:
        reached = (row.get("sgemm_gflops", row.get("reason")), row.get("convolution_gflops", "-"))
        cells = (row["runtime"], row["precision"], row["threads"], *reached)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _shown(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
