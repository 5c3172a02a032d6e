"""Writing one picture, whole or not at all."""

from pathlib import Path

import cv2

from pechead_live.errors import OutputError
from pechead_live.frame import Pixels

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def check_image_path(path: Path) -> None:
    """`OutputError` before the work instead of after it."""
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{path} is no picture's name: end it in {', '.join(SUFFIXES)}")
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: give a file name in a folder that exists")


def write_image(pixels: Pixels, path: Path) -> None:
    """Writes (H, W, 3) RGB; the file appears complete or not at all."""
    ok, data = cv2.imencode(path.suffix.lower(), pixels[..., ::-1])
    assert ok
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(data.tobytes())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
