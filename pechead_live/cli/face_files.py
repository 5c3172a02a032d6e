"""Which clips and photos a face model is learned from, and whose faces they show."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pechead_live.errors import InputError

CLIPS = frozenset({".mp4", ".mov", ".mpg", ".mpeg", ".avi", ".webm", ".mkv"})
PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
"""By their suffix, in any case."""

MANIFEST = "manifest.csv"
"""Found in the folder itself or above it."""

COLUMNS = ("file", "identity")
"""That a manifest must have; ``repository`` and ``licence`` are read where there are any."""


class FaceFile(NamedTuple):
    """One clip or photo."""

    path: Path
    person: str
    """Label of whom it shows; files with the same label show one person."""

    source: str
    """Where it comes from, as the manifest says; empty if it does not."""

    licence: str
    """Of the source, likewise."""

    @property
    def is_clip(self) -> bool:
        """False for a photo."""
        return self.path.suffix.lower() in CLIPS


def find_face_files(folders: Sequence[Path], people: Path | None = None) -> list[FaceFile]:
    """Every clip and photo in ``folders`` and below, sorted, each once.

    The person is the ``identity`` of the manifest ``people``, else of the nearest `MANIFEST`, else
    the file's own name. Raises `InputError` for a folder that is not there or holds none.
    """
    given = None if people is None else _read_manifest(people)
    if people is not None and given is None:
        raise InputError(f"{people} has no columns {' and '.join(COLUMNS)}: add them")
    found: dict[Path, FaceFile] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"there is no folder {folder}: give one with clips or photos")
        rows = _nearest_manifest(folder) if given is None else given
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in CLIPS | PHOTOS and path.is_file():
                row = rows.get(path.resolve()) or {}
                found[path.resolve()] = FaceFile(
                    path=path,
                    person=row.get("identity") or path.stem,
                    source=row.get("repository") or "",
                    licence=row.get("licence") or "",
                )
    if not found:
        kinds = ", ".join(sorted(suffix[1:] for suffix in CLIPS | PHOTOS))
        names = ", ".join(map(str, folders))
        raise InputError(f"{names} holds no clip and no photo: give a folder with {kinds} files")
    return list(found.values())


def _nearest_manifest(folder: Path) -> dict[Path, dict[str, str]]:
    for above in (folder.resolve(), *folder.resolve().parents):
        if (above / MANIFEST).is_file():
            rows = _read_manifest(above / MANIFEST)
            if rows is not None:
                return rows
    return {}


def _read_manifest(path: Path) -> dict[Path, dict[str, str]] | None:
    """File to its row; None when it lacks the columns. Files lie relative to the manifest."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            columns = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV ({error}): give another file") from error
    if not set(COLUMNS) <= set(columns):
        return None
    return {(path.parent / (row["file"] or "")).resolve(): row for row in rows}
