"""Writing a file so that it appears complete under its name, or not at all."""

import contextlib
import os
from pathlib import Path

from pechead_live.errors import OutputError


def write_whole(path: Path, content: bytes) -> None:
    """Writes ``content`` beside ``path`` and renames it; `OutputError` leaves nothing behind."""
    part = path.with_name(f".{path.stem[:60]}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise OutputError(
            f"{path} cannot be written ({error.strerror}): "
            "choose a folder that exists and may be written to"
        ) from error
