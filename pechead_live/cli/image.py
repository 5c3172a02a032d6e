"""Writing one picture, whole or not at all."""

import contextlib
import os
from pathlib import Path

import cv2

from pechead_live.errors import OutputError
from pechead_live.frame import Pixels

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def write_image(pixels: Pixels, path: Path) -> None:
    """Writes (H, W, 3) RGB; the file appears complete or not at all."""
    ok, data = cv2.imencode(path.suffix.lower(), pixels[..., ::-1])
    assert ok
    partial = path.with_name(f".{path.stem[:60]}.{os.getpid()}.part")
    try:
        partial.write_bytes(data.tobytes())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise OutputError(
            f"{path} cannot be written ({error.strerror}): choose another folder or name"
        ) from error
