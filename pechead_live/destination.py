"""May a result be written there? Asked before the work, not after it."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from pechead_live.errors import OutputError


def check_destination(
    path: Path, endings: Sequence[str] = (), *, inputs: Sequence[Path | None] = ()
) -> None:
    """`OutputError` unless a file ``path`` can be made or replaced.

    ``endings``: what its name may end in; () is anything. ``inputs``: files that it must not
    replace, because the result is made from them.
    """
    if endings and path.suffix.lower() not in endings:
        raise OutputError(f"{path} cannot be written: end its name in {', '.join(endings)}")
    try:
        if path.is_dir():
            raise OutputError(f"{path} is a folder: give a file name")
        if not path.parent.is_dir():
            raise OutputError(
                f"{path} cannot be written: the folder {path.parent} does not exist, make it first"
            )
        if path.exists() and any(_same(path, file) for file in inputs if file is not None):
            raise OutputError(f"{path} is also the input and would be lost: give another name")
        if path.exists() and not _writable(path):
            raise OutputError(f"{path} exists and is write-protected: give another name")
        if not _writable(path.parent):
            raise OutputError(
                f"{path} cannot be written: the folder {path.parent} is write-protected, "
                "choose another"
            )
    except OutputError:
        raise
    except (OSError, ValueError) as error:  # a name too long, or with a null in it
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written ({reason}): give another name") from error


def check_folder(path: Path) -> None:
    """`OutputError` unless ``path`` is a folder that may be written to, or can be made as one."""
    try:
        there = next(place for place in (path, *path.absolute().parents) if place.exists())
        if not there.is_dir():
            raise OutputError(f"{path} cannot be a folder, {there} is a file: give another")
        if not _writable(there):
            raise OutputError(
                f"{path} cannot be written: the folder {there} is write-protected, choose another"
            )
    except OutputError:
        raise
    except (OSError, ValueError) as error:  # a name too long, or with a null in it
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written ({reason}): give another name") from error


def make_folder(path: Path) -> None:
    """Makes ``path`` and those above it unless they are there; `OutputError` if that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {path} cannot be made ({error.strerror}): give another"
        ) from error


def _same(path: Path, other: Path) -> bool:
    """True if both are one file; an ``other`` that cannot be looked at is another."""
    try:
        return path.samefile(other)
    except (OSError, ValueError):
        return False


def _writable(path: Path) -> bool:
    """Also by its mode: an administrator's rights would write where nobody is meant to."""
    written_by_somebody = path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    return bool(written_by_somebody) and os.access(path, os.W_OK)
