"""A file that is on the disk, complete and under its name, or not there at all."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from pechead_live.errors import OutputError


def write_durably(path: Path, write: Callable[[Path], None]) -> None:
    """``write`` makes a file beside ``path``; once on the disk it takes the name of the old one.

    Raises `OutputError` when the disk is full or the folder is gone; nothing is left behind.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        _flush(part)
        os.replace(part, path)
        _flush(path.parent)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise cannot_write(path, error) from error


def append_line(path: Path, line: str) -> None:
    """Adds ``line`` to a text file; `OutputError` when it does not fit."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: Exception) -> OutputError:
    """The sentence for a run whose files cannot be written."""
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(
        f"{path} cannot be written ({reason}): make room or repair the folder, then give the same "
        "command again, which goes on from the last checkpoint"
    )


def _flush(path: Path) -> None:
    """Waits until it is on the disk; Windows cannot open a folder for that."""
    if os.name == "nt" and path.is_dir():
        return
    number = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)
