"""A camera that draws its frames: for tests, benchmarks and machines without a camera."""

import time

import numpy as np

from pechead_live.camera.pace import Pace, Sleep
from pechead_live.clock import Clock, monotonic
from pechead_live.frame import Frame, Pixels


class SyntheticCamera:
    """A bright disc circling over a slowly sliding gradient; frame ``i`` is always the same."""

    def __init__(
        self,
        *,
        width: int = 320,
        height: int = 240,
        fps: float = 30.0,
        frame_count: int | None = None,
        paced: bool = True,
        clock: Clock = monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        """``frame_count`` None never ends. Not paced, ``captured_at`` is frame number / fps."""
        if width < 1 or height < 1 or not fps > 0:
            raise ValueError(f"a camera of {width}x{height} at {fps} frames/s: all must be > 0")
        self._width, self._height, self._fps = width, height, fps
        self._frame_count = frame_count
        self._pace = Pace(clock, sleep) if paced else None
        self._index = 0

    @property
    def fps(self) -> float:
        """Nominal frames per second."""
        return self._fps

    def read(self) -> Frame | None:
        """The next drawn frame; None after ``frame_count`` of them or after `close`."""
        if self._frame_count is not None and self._index >= self._frame_count:
            return None
        presentation = self._index / self._fps
        pixels = draw_pattern(self._index, self._width, self._height)
        self._index += 1
        captured_at = presentation if self._pace is None else self._pace.wait(presentation)
        return Frame(pixels=pixels, captured_at=captured_at)

    def close(self) -> None:
        """Ends the stream."""
        self._frame_count = self._index


def draw_pattern(index: int, width: int, height: int) -> Pixels:
    """(H, W, 3) uint8 RGB, frame ``index`` of the pattern."""
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0] = (x * 160 / width + 2 * index) % 160
    pixels[..., 1] = y * 160 / height
    pixels[..., 2] = 80
    angle = 2 * np.pi * index / 90
    radius = min(width, height) / 8
    centre_x = width / 2 + width / 4 * np.cos(angle)
    centre_y = height / 2 + height / 4 * np.sin(angle)
    disc = (x - centre_x) ** 2 + (y - centre_y) ** 2 <= radius**2
    pixels[disc] = (250, 240, 220)
    return pixels
