"""Writing an H.264 video file: what the file sink and `animate` share."""

import contextlib
import logging
import math
import os
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
import cv2
import numpy as np

from pechead_live.destination import check_destination
from pechead_live.errors import OutputError
from pechead_live.frame import Pixels
from pechead_live.sink.audio import AudioTrack
from pechead_live.sink.cadence import Cadence
from pechead_live.sink.live_sound import LiveSound

logger = logging.getLogger(__name__)

CONTAINERS: dict[str, str] = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Ending of a file name to FFmpeg's name of the container."""

EXACT_TIME_BASE = Fraction(1, 90_000)
"""Where pictures keep their own times: the clock of MPEG, fine enough for every frame rate."""

ENCODER_OPTIONS = {"crf": "18", "preset": "veryfast"}
"""Visually lossless; 3 ms for a picture of 512x512 on one core, `medium` takes three times that."""


class VideoWriter:
    """An H.264 file (yuv420p, even sides) that appears under its name when it is complete.

    Pictures are written to a hidden file beside it, which `close` renames and `discard` removes;
    in a ``with`` block an error discards and Ctrl-C keeps what there is.

    With ``constant_rate`` (live) picture ``i`` is shown at i/fps and pictures are repeated or left
    out so that the film follows their times. Without it (`animate`) every picture keeps its own
    time, one out for each one in, also from phones that record at a varying rate.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        fps: float,
        constant_rate: bool = True,
        audio_from: Path | None = None,
        sound: LiveSound | None = None,
    ) -> None:
        """Opens the file or raises `OutputError`. ``audio_from``: a clip on the same timeline as
        the times given to `write`, whose first audio track is taken over; ``sound``: what is heard
        meanwhile, on that timeline too."""
        if width < 1 or height < 1 or not (math.isfinite(fps) and fps > 0):
            raise ValueError(f"a video of {width}x{height} at {fps} frames/s: all must be > 0")
        self.path = path
        self._size = (height, width)
        self._rate = Fraction(fps).limit_denominator(1001)
        self._time_base = 1 / self._rate if constant_rate else EXACT_TIME_BASE
        self._cadence = Cadence(float(self._rate)) if constant_rate else None
        self._partial = _partial_path(path)
        self._container: Any = _open(self._partial, path)
        try:
            self._stream = self._add_stream(width + width % 2, height + height % 2)
            self._audio = AudioTrack(audio_from, self._container) if audio_from else sound
            if sound is not None:
                sound.open(self._container)
        except BaseException:
            self.discard()
            raise
        self._first_time: float | None = None
        self._last_stamp = -1
        self._previous: Any = None
        self._count = 0

    @property
    def picture_count(self) -> int:
        """Pictures in the file so far, repeated ones included."""
        return self._count

    def write(self, pixels: Pixels, time: float) -> None:
        """Adds (H, W, 3) uint8 RGB, to be shown at ``time`` seconds after that of the first."""
        if self._container is None:
            raise OutputError(f"{self.path} is already finished: open a new file")
        if pixels.shape != (*self._size, 3):
            raise ValueError(
                f"{self.path} was opened for (height, width) {self._size}, the picture is "
                f"{pixels.shape[:2]}: open one of its size"
            )
        if self._first_time is None:
            self._first_time = time
        elapsed = time - self._first_time
        if self._cadence is None:
            stamp = round(elapsed / EXACT_TIME_BASE)
            stamps = [max(stamp, self._last_stamp + 1)]
        else:
            stamps = list(self._cadence.stamps(elapsed, self._last_stamp + 1))
        if not stamps:
            return
        with self._saying_why():
            for stamp in stamps[:-1]:
                self._encode(self._previous, stamp)
            self._previous = _to_yuv(pixels)
            self._encode(self._previous, stamps[-1])
            if self._audio is not None:
                self._audio.copy_until(time, start=self._first_time)

    def close(self) -> None:
        """Finishes the file and gives it its name; with no picture written there is no file."""
        if self._container is None:
            return
        if self._first_time is None:
            logger.warning("no picture came, so %s was not written", self.path)
            self.discard()
            return
        try:
            with self._saying_why():
                if self._audio is not None:
                    end = float((self._last_stamp + 1) * self._time_base)
                    self._audio.finish(self._first_time + end, start=self._first_time)
                for packet in self._stream.encode(None):
                    self._container.mux(packet)
                self._container.close()
                os.replace(self._partial, self.path)
        except OutputError:
            self.discard()
            raise
        finally:
            self._container = None

    def discard(self) -> None:
        """Removes what was written."""
        if self._container is not None:
            with contextlib.suppress(av.error.FFmpegError, OSError):
                self._container.close()
            self._container = None
        self._partial.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, KeyboardInterrupt):
            self.close()
        else:
            self.discard()

    def _add_stream(self, width: int, height: int) -> Any:
        codec = "libx264" if "libx264" in av.codecs_available else "h264"
        stream = self._container.add_stream(codec, rate=self._rate, options=ENCODER_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = self._time_base
        # cv2's conversion is BT.601; players would assume BT.709 for large pictures without this
        context.colorspace, context.color_primaries, context.color_trc = 6, 1, 1
        context.color_range = 1
        return stream

    def _encode(self, yuv: Any, stamp: int) -> None:
        frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.pts, frame.time_base = stamp, self._time_base
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        self._last_stamp = stamp
        self._count += 1

    @contextlib.contextmanager
    def _saying_why(self) -> Generator[None]:
        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(
                f"{self.path} cannot be written ({error}): check the free space and the folder"
            ) from error


def _to_yuv(pixels: Pixels) -> Any:
    """I420 planes; an odd side gets its last row or column twice."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2YUV_I420)


def _partial_path(path: Path) -> Path:
    return path.with_name(f".{path.stem[:60]}.{os.getpid()}.partial{path.suffix}")


def _open(partial: Path, path: Path) -> Any:
    check_destination(path, tuple(CONTAINERS))
    try:
        partial.touch()
        return av.open(str(partial), "w", format=CONTAINERS[path.suffix.lower()])
    except (av.error.FFmpegError, OSError) as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise OutputError(
            f"{path} cannot be written ({error.strerror}): choose another folder"
        ) from error
