"""Writing one picture, whole or not at all."""

from pathlib import Path

import cv2

from pechead_live.frame import Pixels
from pechead_live.whole_file import write_whole

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def write_image(pixels: Pixels, path: Path) -> None:
    """Writes (H, W, 3) RGB; the file appears complete or not at all."""
    ok, data = cv2.imencode(path.suffix.lower(), pixels[..., ::-1])
    assert ok
    write_whole(path, data.tobytes())
