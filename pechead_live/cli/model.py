"""``pechead-live model summary``: what each network weighs and costs, part by part."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pechead_live.cli.models import LITE
from pechead_live.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from pechead_live.model.summary import Row

PRESETS = ("paper", "base", "toy", *LITE)
"""What can be summed up."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `model`."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "parameters and multiply-accumulates of each part"
    summary = commands.add_parser("summary", help=text, description=text.capitalize() + ".")
    text = "such as base or lite-s (default: all, their sums only)"
    summary.add_argument("presets", nargs="*", metavar="PRESET", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Prints a Markdown table of each preset's parts, or of all presets' sums."""
    presets: list[str] = arguments.presets
    for preset in presets:
        if preset not in PRESETS:
            raise InputError(f"there is no preset {preset!r}: use {', '.join(PRESETS)}")
    count = _counting()
    if not presets:
        print(table("preset", [(preset, count(preset)) for preset in PRESETS]))
    for preset in presets:
        rows = count(preset)
        print(f"### {preset}\n\n{table('part', [(row.part, [row]) for row in rows], rows)}\n")
    return 0


def table(
    first: str, groups: "Sequence[tuple[str, list[Row]]]", total: "list[Row] | None" = None
) -> str:
    """Markdown: a line for each group of rows, summed up; ``total`` makes a last line."""
    lines = [
        f"| {first} | parameters, M | GMAC once a portrait | GMAC a frame |",
        "|---|---|---|---|",
        *(_line(name, rows) for name, rows in groups),
    ]
    return "\n".join([*lines, *([_line("all", total)] if total is not None else [])])


def _line(name: str, rows: "list[Row]") -> str:
    parameters = sum(row.parameters for row in rows) / 1e6
    once = sum(row.source_macs for row in rows) / 1e9
    each = sum(row.frame_macs for row in rows) / 1e9
    return f"| {name} | {parameters:.3f} | {once:.3f} | {each:.3f} |"


def _counting() -> "Callable[[str], list[Row]]":
    """Preset to its rows."""
    try:
        from pechead_live.model.dimensions import PRESETS as PECHEAD
        from pechead_live.model.lite.dimensions import LITE_PRESETS
        from pechead_live.model.lite.summary import lite_summary
        from pechead_live.model.summary import summary
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'a summary needs {error.name}: run pip install "pechead-live[train]"'
        ) from error

    def count(preset: str) -> "list[Row]":
        if preset in LITE:
            key = preset if preset in LITE_PRESETS else preset.removeprefix("lite-")
            return lite_summary(LITE_PRESETS[key])
        return summary(PECHEAD[preset])

    return count
