"""`Result`: what a protocol measured on one clip or portrait, and how it lies in a file."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.destination import make_folder
from pechead_live.whole_file import write_whole

Figures = dict[str, float | None]
"""Metric (`names.METRICS`) to value; None where it could not be measured."""

REAL = "real"
"""In place of a method's name: the features of the true pictures."""


class Row(NamedTuple):
    """One line of a long table."""

    name: str
    """The clip, the pair or the portrait."""

    method: str
    figures: Figures


class Result(NamedTuple):
    """What one task measured."""

    rows: list[Row]

    facts: dict[str, Any]
    """What was looked at: counts of frames and the like; JSON."""

    features: dict[str, dict[str, FloatArray]]
    """Column of a whole set (`eFID`, `eFVD`) to method, or `REAL`, to (n, D) features."""


def save_result(result: Result, stem: Path, fingerprint: str) -> None:
    """Writes ``stem``.npz, then ``stem``.json, which is there only when both are whole."""
    make_folder(stem.parent)
    arrays = {
        f"{column}/{method}": array
        for column, methods in result.features.items()
        for method, array in methods.items()
    }
    packed = BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    write_whole(stem.with_name(f"{stem.name}.npz"), packed.getvalue())
    content = {
        "fingerprint": fingerprint,
        "rows": [row._asdict() for row in result.rows],
        "facts": result.facts,
    }
    write_whole(stem.with_name(f"{stem.name}.json"), json.dumps(content).encode())


def open_result(stem: Path, fingerprint: str) -> Result | None:
    """What `save_result` wrote; None if it is not there, damaged, or of other settings."""
    try:
        content = json.loads(stem.with_name(f"{stem.name}.json").read_bytes())
        if content["fingerprint"] != fingerprint:
            return None
        features: dict[str, dict[str, FloatArray]] = {}
        with np.load(stem.with_name(f"{stem.name}.npz"), allow_pickle=False) as arrays:
            for key in arrays.files:
                column, slash, method = key.partition("/")
                if slash:
                    features.setdefault(column, {})[method] = arrays[key]
        return Result([Row(**row) for row in content["rows"]], content["facts"], features)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None
