"""Camera, tracker, output step and sink that carry a drawn time through the live loop.

The avatar replaces the camera's pixels, so a time drawn by the camera cannot reach the sink by
itself. It is handed over where the pixels end: the tracker reads it from the frame it is given and
checks it, the output step draws the picture's own `captured_at`, and the sink counts a picture only
if the time it reads is one that a frame brought to the tracker.
"""

from dataclasses import replace

from benchmarks.time_code import draw_time_code, micros, read_time_code
from pechead_live.camera.pace import Pace
from pechead_live.clock import Clock, monotonic
from pechead_live.coefficients import Coefficients
from pechead_live.frame import Frame, Picture
from pechead_live.protocols import Camera, Tracker


class ClockedCamera:
    """Frames of another camera, at ``fps``, with the time of each drawn into it."""

    def __init__(self, camera: Camera, fps: float) -> None:
        """``camera`` must not be paced itself."""
        self._camera = camera
        self._fps = fps
        self._pace = Pace()
        self._number = 0

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self._fps

    def read(self) -> Frame | None:
        """The next frame when it is due."""
        frame = self._camera.read()
        if frame is None:
            return None
        captured_at = self._pace.wait(self._number / self._fps)
        self._number += 1
        return Frame(pixels=draw_time_code(frame.pixels, captured_at), captured_at=captured_at)

    def close(self) -> None:
        """Closes the other camera."""
        self._camera.close()


class CheckingTracker:
    """Another tracker, behind a reading of the time in each frame."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self.arrived: set[int] = set()
        """Times read from frames, microseconds."""
        self.mismatches = 0
        """Frames without a readable time, or with another than their `captured_at`."""

    def track(self, frame: Frame) -> Coefficients | None:
        """Reads the time, then tracks."""
        time = read_time_code(frame.pixels)
        if time is not None and time == micros(frame.captured_at):
            self.arrived.add(time)
        else:
            self.mismatches += 1
        return self._tracker.track(frame)

    def close(self) -> None:
        """Closes the other tracker."""
        self._tracker.close()


def with_time(picture: Picture) -> Picture:
    """``picture`` with its `captured_at` drawn into it: the last step before the sink."""
    return replace(picture, pixels=draw_time_code(picture.pixels, picture.captured_at))


class ReadingSink:
    """Reads the time back from the pixels and compares it with the clock."""

    def __init__(self, arrived: set[int], clock: Clock = monotonic) -> None:
        """``arrived``: the tracker's, which goes on growing."""
        self._arrived = arrived
        self._clock = clock
        self.latencies: list[tuple[float, float]] = []
        """(now, capture to sink) of every picture that answers a frame, seconds."""
        self.idle = 0
        """Pictures that answer no frame."""
        self.unreadable = 0
        """Pictures without a readable time."""
        self.first_at: float | None = None
        """When the first picture came."""

    def write(self, picture: Picture) -> None:
        """Takes the time."""
        now = self._clock()
        if self.first_at is None:
            self.first_at = now
        time = read_time_code(picture.pixels)
        if time is None:
            self.unreadable += 1
        elif time in self._arrived:
            self.latencies.append((now, now - time / 1e6))
        else:
            self.idle += 1

    def close(self) -> None:
        """Nothing to free."""
