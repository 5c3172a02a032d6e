"""Any folder of videos."""

from collections.abc import Iterator
from pathlib import Path

from pechead_live.training.data.layouts.video import Video

SUFFIXES = frozenset({".mp4", ".mov", ".mpg", ".mpeg", ".avi", ".webm", ".mkv", ".m4v"})
"""Of a video, in any case."""


def videos(root: Path) -> Iterator[Video]:
    """Every video in ``root`` and below, sorted.

    The identity is the name of the folder that it lies in; a video in ``root`` itself is its own.
    """
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield Video(path, path.stem if path.parent == root else path.parent.name)
