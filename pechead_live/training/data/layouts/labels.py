"""Identities and licences from a table, for data whose folders do not tell them."""

import csv
from collections.abc import Iterable
from pathlib import Path

from pechead_live.errors import InputError
from pechead_live.training.data.layouts.video import Video

COLUMNS = ("file", "identity", "licence")
"""That the table must have; ``file`` is relative to the table."""


def labelled(videos: Iterable[Video], table: Path) -> list[Video]:
    """``videos`` with the identity and licence of their row; one without a row stays as it is."""
    try:
        with table.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = {(table.parent / (row.get("file") or "")).resolve(): row for row in reader}
            missing = set(COLUMNS) - set(reader.fieldnames or [])
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{table} cannot be read as CSV ({error}): give another file") from error
    if missing:
        raise InputError(f"{table} has no column {', '.join(sorted(missing))}: add it")
    result: list[Video] = []
    found = 0
    for video in videos:
        row = rows.get(video.path.resolve(), {})
        found += bool(row)
        result.append(
            video._replace(
                identity=row.get("identity") or video.identity,
                licence=row.get("licence") or video.licence,
            )
        )
    if result and not found:
        raise InputError(
            f"{table} names none of the {len(result)} videos, such as {result[0].path}: "
            "its files are looked up relative to the table"
        )
    return result
