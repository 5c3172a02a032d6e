"""A video file as a sink."""

from pathlib import Path

from pechead_live.frame import Picture
from pechead_live.sink.live_sound import LiveSound
from pechead_live.sink.video import VideoWriter


class FileSink:
    """Records pictures at a constant rate that follows their capture times."""

    def __init__(
        self, path: Path, width: int, height: int, fps: float, *, sound: LiveSound | None = None
    ) -> None:
        """Raises `OutputError` at once if ``path`` cannot be written. ``sound``: recorded, too."""
        self._writer = VideoWriter(path, width=width, height=height, fps=fps, sound=sound)

    def write(self, picture: Picture) -> None:
        """Adds ``picture`` at its `captured_at`."""
        self._writer.write(picture.pixels, picture.captured_at)

    def close(self) -> None:
        """Finishes the file; only now it appears under its name."""
        self._writer.close()
