"""One evaluation: its tasks run, its tables written."""

import argparse
import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from pechead_live.cli.progress import progress
from pechead_live.destination import check_folder, make_folder
from pechead_live.errors import NoFaceError
from pechead_live.evaluation import ablation, drift, editing, reconstruction, reenactment
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.method import Method
from pechead_live.evaluation.result import Result
from pechead_live.evaluation.table import (
    Line,
    definitions,
    gathered_notes,
    known_columns,
    markdown,
    mean_figures,
    plain_rows,
    report,
)
from pechead_live.evaluation.tasks import (
    RECONSTRUCTION,
    REENACTMENT,
    Protocol,
    clips_in,
    portraits_in,
    tasks_of,
)
from pechead_live.evaluation.work import run_tasks
from pechead_live.whole_file import write_whole

TITLES: dict[Protocol, str] = {
    "reconstruction": "Same-identity reconstruction",
    "reenactment": "Cross-identity reenactment",
    "editing": "Pose and expression editing",
    "ablation": "Ablation",
    "drift": "Drift over minutes of looped motion",
}

COLUMNS: dict[Protocol, Sequence[str]] = {
    "reconstruction": reconstruction.TABLE,
    "reenactment": reenactment.TABLE,
    "editing": editing.TABLE,
    "ablation": ablation.TABLE,
    "drift": drift.TABLE,
}

VERSIONS = (
    "pechead-live",
    "numpy",
    "mediapipe",
    "av",
    "opencv-contrib-python",
    "dlib-bin",
    "torch",
)
"""Packages that the figures depend on."""


def evaluate(
    arguments: argparse.Namespace, groups: Mapping[str, Sequence[Method]], config: EvaluationConfig
) -> str:
    """Runs the protocol and writes the folder; returns the table of means and where all is."""
    protocol: Protocol = arguments.protocol
    folder: Path = arguments.output
    methods = [method for several in groups.values() for method in several]
    check_folder(folder)
    clips = clips_in(arguments.data, arguments.clips)
    portraits: list[Path] = []
    if protocol != "reconstruction":
        folder_of_photos = arguments.portraits or arguments.data
        portraits = portraits_in(folder_of_photos, arguments.portraits_count)
    tasks = tasks_of(protocol, clips, portraits, methods, config, folder / "sheets")
    settings = settings_of(config, methods, [*clips, *portraits])
    make_folder(folder)
    parts = folder / "parts"
    done = run_tasks(
        tasks,
        workers=arguments.workers,
        parts=parts,
        fingerprint=hashlib.sha256(json.dumps(settings).encode()).hexdigest(),
        resume=arguments.resume,
    )
    found = {one.name: one for one in progress(done, len(tasks), protocol)}
    results = {name: result for name in tasks if (result := found[name].result) is not None}
    left_out = {name: found[name].left_out for name in tasks if found[name].result is None}
    if not results:
        reason = next(iter(left_out.values()))
        raise NoFaceError(f"nothing was measured, no clip or portrait can be used: {reason}")
    columns = COLUMNS[protocol]
    lines = _lines(protocol, groups, results)
    notes = gathered_notes(results, left_out, lines, columns)
    rows = [row for result in results.values() for row in result.rows]
    text = report(TITLES[protocol], lines, columns, rows, notes)
    content = {
        "protocol": protocol,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": _versions(),
        "settings": settings,
        "columns": definitions(known_columns(lines, columns)),
        "means": {line.name: line.figures for line in lines},
        "spread_over_seeds": {line.name: line.spread for line in lines if line.spread},
        "rows": plain_rows(rows),
        "looked_at": {name: result.facts for name, result in results.items()},
        "left_out": left_out,
        "notes": notes,
    }
    write_whole(folder / "table.md", text.encode())
    packed = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(folder / "table.json", f"{packed}\n".encode())
    shutil.rmtree(parts, ignore_errors=True)
    table = markdown("method", lines, columns)
    return f"{table}\n\n{folder}: table.md, table.json, sheets/"


def settings_of(
    config: EvaluationConfig, methods: Sequence[Method], files: Sequence[Path]
) -> dict[str, Any]:
    """What the figures depend on besides the code; files by name, never by folder."""
    chosen = {
        name: value.name if isinstance(value, Path) else value
        for name, value in asdict(config).items()
    }
    return {
        **chosen,
        "methods": {method.name: method.checkpoint for method in methods},
        "files": {path.name: path.stat().st_size for path in files},
        "coefficients": "unfiltered; identity from the first 30 frames, then frozen",
        "mean": "over frames within a clip, then over clips or pairs",
    }


def _lines(
    protocol: Protocol, groups: Mapping[str, Sequence[Method]], results: Mapping[str, Result]
) -> list[Line]:
    if protocol == "ablation":
        rebuilt = [r for name, r in results.items() if name.startswith(RECONSTRUCTION)]
        moved = [r for name, r in results.items() if name.startswith(REENACTMENT)]
        seeds = {setting: [m.name for m in several] for setting, several in groups.items()}
        return ablation.ablation_lines(seeds, rebuilt, moved)
    every = list(results.values())
    methods = [method for several in groups.values() for method in several]
    columns = COLUMNS[protocol]
    return [Line(m.name, mean_figures(every, m.name, columns), {}) for m in methods]


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in VERSIONS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
