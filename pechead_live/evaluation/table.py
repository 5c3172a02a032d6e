"""Tables out of results: means over clips, Markdown, and the JSON with all that they depend on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pechead_live.evaluation.film import mean_known
from pechead_live.evaluation.metrics.names import METRICS
from pechead_live.evaluation.result import Figures, Result, Row
from pechead_live.evaluation.sets import SETS, set_figures


class Line(NamedTuple):
    """One line of a table."""

    name: str
    figures: Figures

    spread: Figures
    """Standard deviation over seeds; empty where there is one."""


def mean_figures(results: Sequence[Result], method: str, columns: Sequence[str]) -> Figures:
    """Of ``method``: means over the rows, and the distances of the whole set."""
    rows = [row.figures for result in results for row in result.rows if row.method == method]
    sets = set_figures(results, method)
    return {
        name: sets[name] if name in SETS else mean_known(row.get(name) for row in rows)
        for name in columns
    }


def known_columns(lines: Sequence[Line], columns: Sequence[str]) -> list[str]:
    """Those of ``columns`` that any line has a figure for."""
    return [name for name in columns if any(line.figures.get(name) is not None for line in lines)]


def markdown(first: str, lines: Sequence[Line], columns: Sequence[str]) -> str:
    """A table with ``first`` over the names; what could not be measured is a dash."""
    shown = known_columns(lines, columns)
    titles = [METRICS[name].heading for name in shown]
    text = [f"| {first} | {' | '.join(titles)} |", "|---" * (len(shown) + 1) + "|"]
    for line in lines:
        cells = [_cell(name, line) for name in shown]
        text.append(f"| {line.name} | {' | '.join(cells)} |")
    return "\n".join(text)


def report(
    title: str,
    lines: Sequence[Line],
    columns: Sequence[str],
    rows: Sequence[Row],
    notes: Sequence[str],
) -> str:
    """The whole Markdown file: the means, each method's rows, and the notes."""
    parts = [f"# {title}", markdown("method", lines, columns)]
    for method in dict.fromkeys(row.method for row in rows):
        own = [Line(row.name, row.figures, {}) for row in rows if row.method == method]
        each = [name for name in columns if name not in SETS]
        parts += [f"## {method}", markdown("", own, each)]
    if notes:
        parts += ["## Notes", "\n".join(f"- {note}" for note in notes)]
    return "\n\n".join(parts) + "\n"


def definitions(columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """What each column means and where it comes from, for the JSON."""
    return {
        name: {
            "title": METRICS[name].title,
            "unit": METRICS[name].unit,
            "better": METRICS[name].better,
            "definition": METRICS[name].definition,
            "source": METRICS[name].source,
        }
        for name in columns
    }


def gathered_notes(
    results: Mapping[str, Result],
    left_out: Mapping[str, str],
    lines: Sequence[Line],
    columns: Sequence[str],
) -> list[str]:
    """Sentences about what is missing in the tables and why, each once."""
    found: list[str] = [note for result in results.values() for note in result.facts["notes"]]
    found += [f"left out: {reason}" for reason in left_out.values()]
    for result in results.values():
        portraits: Mapping[str, str] = result.facts.get("portraits_left_out", {})
        found += [f"left out: {reason}" for reason in portraits.values()]
        for method in result.facts.get("left_out", ()):
            found.append(f"{method} follows pictures only, so it cannot edit and is left out")
    known = known_columns(lines, columns)
    gone = [METRICS[name].title for name in columns if name not in known]
    if gone:
        found.append(f"not measured: {', '.join(gone)}")
    return list(dict.fromkeys(found))


def plain_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows for the JSON."""
    return [{"name": row.name, "method": row.method, **row.figures} for row in rows]


def _cell(name: str, line: Line) -> str:
    spread = line.spread.get(name)
    text = METRICS[name].cell(line.figures.get(name))
    return text if spread is None else f"{text} ± {METRICS[name].cell(spread)}"
