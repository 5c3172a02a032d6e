"""The frames of a video file, one after the other."""

from collections.abc import Iterator
from pathlib import Path

from pechead_live.camera.file import open_video_file
from pechead_live.frame import Frame


def file_frames(path: Path, limit: int | None = None) -> Iterator[Frame]:
    """The first ``limit`` frames (None: all), each with its presentation time."""
    camera = open_video_file(path)
    try:
        count = 0
        while (limit is None or count < limit) and (frame := camera.read()) is not None:
            count += 1
            yield frame
    finally:
        camera.close()
