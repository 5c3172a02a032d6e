"""A video file as a camera, read with PyAV."""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np

from pechead_live.camera.pace import Pace, Sleep
from pechead_live.clock import Clock, monotonic
from pechead_live.errors import InputError
from pechead_live.frame import Frame, Pixels

logger = logging.getLogger(__name__)

DEFAULT_FPS = 30.0
"""For files that name no rate."""

NOT_A_CLIP = ("tty", "image2", "jpeg_pipe", "png_pipe")
"""FFmpeg 'opens' texts and single pictures too; these readers (and every other ``*_pipe``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipInfo:
    """What a clip says about itself before it is decoded."""

    width: int
    """Pixels, upright."""

    height: int
    """Pixels, upright."""

    fps: float
    """Average frames per second."""

    frame_count: int | None
    """As the container declares it; None if it does not. A truncated file holds fewer."""

    has_audio: bool
    """True if there is an audio track."""


class FileCamera:
    """Frames of a video file, upright, in order.

    Paced, frames come in real time and ``captured_at`` is the monotonic clock. Not paced, they
    come as fast as they are read and ``captured_at`` is the presentation time in the file's own
    timeline, seconds. It always grows. A file that breaks off gives the frames it still holds.
    """

    def __init__(
        self,
        path: Path,
        *,
        paced: bool,
        loop: bool = False,
        clock: Clock = monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._path = path
        self._loop = loop
        self._pace = Pace(clock, sleep) if paced else None
        self._container = open_clip(path)
        stream = self._container.streams.video[0]
        stream.thread_type = "SLICE" if paced else "AUTO"
        rate = float(stream.average_rate or stream.guessed_rate or DEFAULT_FPS)
        self._fps = rate if math.isfinite(rate) and rate > 0 else DEFAULT_FPS
        self._offset = 0.0
        self._last: float | None = None
        self._frames = _decode(self._container, path)
        self._ahead = self._next()
        if self._ahead is None:
            self._container.close()
            raise InputError(f"{path} holds no picture that can be decoded: give another video")
        height, width = self._ahead.pixels.shape[:2]
        self._info = ClipInfo(
            width=width,
            height=height,
            fps=self._fps,
            frame_count=stream.frames or None,
            has_audio=bool(self._container.streams.audio),
        )

    @property
    def fps(self) -> float:
        """Average frames per second of the clip."""
        return self._fps

    @property
    def info(self) -> ClipInfo:
        """Size, rate, declared length and audio of the clip."""
        return self._info

    def read(self) -> Frame | None:
        """The next frame; None at the end, which a looping file does not have."""
        frame, self._ahead = self._ahead, None
        frame = frame or self._next()
        if frame is not None and self._pace is not None:
            frame = replace(frame, captured_at=self._pace.wait(frame.captured_at))
        return frame

    def close(self) -> None:
        """Closes the file."""
        self._loop = False
        self._frames = iter(())
        self._ahead = None
        self._container.close()

    def _next(self) -> Frame | None:
        decoded = next(self._frames, None)
        if decoded is None and self._loop and self._last is not None:
            self._container.close()
            self._container = open_clip(self._path)
            self._frames = _decode(self._container, self._path)
            decoded = next(self._frames, None)
            if decoded is not None and decoded[1] is not None:
                self._offset = self._last + 1 / self._fps - decoded[1]
        if decoded is None:
            return None
        pixels, shown_at = decoded
        previous = self._last
        if shown_at is not None:
            shown_at += self._offset
        if shown_at is None or (previous is not None and shown_at <= previous):
            shown_at = 0.0 if previous is None else previous + 1 / self._fps
        self._last = shown_at
        return Frame(pixels=pixels, captured_at=shown_at)


def open_video_file(path: Path) -> FileCamera:
    """``path`` as fast as it can be read, each frame with its presentation time."""
    return FileCamera(path, paced=False)


def open_clip(path: Path) -> Any:
    """An open PyAV container with at least one video stream; `InputError` for anything else."""
    try:
        if not path.exists():
            raise InputError(f"there is no file {path}: check the name")
        if path.is_dir():
            raise InputError(f"{path} is a folder: give a video file")
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty (0 bytes): give a video file")
    except OSError as error:
        reason = error.strerror
        raise InputError(f"{path} cannot be read ({reason}): give a video file") from error
    try:
        container = av.open(str(path), metadata_errors="ignore")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{path} is not a video that can be read, or it is cut off ({reason}): "
            "give a video file such as .mp4 or .mov"
        ) from error
    kind = container.format.name
    if kind in NOT_A_CLIP or kind.endswith("_pipe"):
        container.close()
        raise InputError(f"{path} is a picture or a text, not a video: give a video file")
    if not container.streams.video:
        container.close()
        raise InputError(f"{path} has no video track, only {kind} data: give a video file")
    return container


def _decode(container: Any, path: Path) -> Iterator[tuple[Pixels, float | None]]:
    """(pixels, presentation time in seconds or None) until the end or the break of the file."""
    stream = container.streams.video[0]
    broken = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except (av.error.FFmpegError, OSError) as error:
            logger.warning("%s breaks off (%s); what came before is used", path, error)
            break
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, OSError):
            broken += 1
            continue
        for frame in frames:
            pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            turns = round(frame.rotation / 90) % 4
            if turns:
                pixels = np.ascontiguousarray(np.rot90(pixels, turns))
            yield pixels, None if frame.time is None else float(frame.time)
    if broken:
        logger.warning("%s: %d damaged packets were left out", path, broken)
