"""`Video`: one file of a data set, and whom it shows."""

from pathlib import Path
from typing import NamedTuple


class Region(NamedTuple):
    """A part of a picture, each in [0, 1] of its width or height."""

    left: float
    top: float
    right: float
    bottom: float


class Video(NamedTuple):
    """A video, or a part of one in time and in the picture."""

    path: Path
    """The file, or a folder with a picture for each frame."""

    identity: str
    """Whom it shows; videos of one person share it."""

    licence: str = ""
    """Of the footage; empty if the data set does not say."""

    start: float = 0.0
    """Seconds from the file's first frame."""

    end: float | None = None
    """Seconds, likewise, excluded; None is the file's end."""

    region: Region | None = None
    """Where the person is in the picture; None is all of it."""

    fps: float = 25.0
    """Of a folder of pictures; a file tells its own."""
