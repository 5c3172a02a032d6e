"""Any folder of photos, each of another person."""

from collections.abc import Iterator
from pathlib import Path

from pechead_live.training.data.layouts.video import Video

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
"""Of a photo, in any case."""


def photos(root: Path) -> Iterator[Video]:
    """Every photo in ``root`` and below, sorted; the identity is the file's name."""
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield Video(path, path.stem)
