"""Camera devices and network streams, read with OpenCV."""

import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pechead_live.camera.pace import Pace, Sleep
from pechead_live.clock import Clock, monotonic
from pechead_live.errors import DeviceError, InputError
from pechead_live.frame import Frame

logger = logging.getLogger(__name__)

DEFAULT_FPS = 30.0
"""For devices that do not say."""

PROBED_INDICES = 5
"""Where the system keeps no list, this many indices are tried to tell which cameras exist."""


class OpenCvCamera:
    """A camera by its index, or a stream by its URL.

    ``captured_at`` is the monotonic clock when the driver handed the frame over. A frame may have
    another size than the one before. A finite file behind a URL is paced by its frame rate.
    """

    def __init__(
        self,
        source: int | str,
        *,
        width: int | None = None,
        height: int | None = None,
        fps: float | None = None,
        clock: Clock = monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        """``width``, ``height`` and ``fps`` are wishes; the device decides."""
        if isinstance(source, int) and source > LARGEST_INDEX:
            raise _cannot_open(source)
        self._name = f"camera {source}" if isinstance(source, int) else str(source)
        self._clock = clock
        self._capture = _open(source)
        if not self._capture.isOpened():
            self._capture.release()
            raise _cannot_open(source)
        if isinstance(source, int):
            self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not a queue
            wishes = {
                cv2.CAP_PROP_FRAME_WIDTH: width,
                cv2.CAP_PROP_FRAME_HEIGHT: height,
                cv2.CAP_PROP_FPS: fps,
            }
            for wish, value in wishes.items():
                if value is not None:
                    self._capture.set(wish, value)
        reported = float(self._capture.get(cv2.CAP_PROP_FPS))
        # some drivers report 0, some the 90 kHz clock of the stream
        self._fps = reported if math.isfinite(reported) and 0 < reported <= 240 else DEFAULT_FPS
        length = float(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._finite = isinstance(source, str) and math.isfinite(length) and length > 0
        self._pace = Pace(clock, sleep) if self._finite else None
        self._index = 0

    @property
    def fps(self) -> float:
        """Frames per second as the device reports them; 30 if it does not."""
        return self._fps

    def read(self) -> Frame | None:
        """The next frame; None at the end of a finite file. `DeviceError` when it is gone."""
        try:
            grabbed = bool(self._capture.grab())
            captured_at = self._clock()
            pixels: Any = self._capture.retrieve()[1] if grabbed else None
        except cv2.error as error:
            raise DeviceError(
                f"{self._name} failed while reading ({error}): plug it in again"
            ) from error
        if pixels is None or pixels.size == 0:
            if self._finite and self._index:
                return None
            raise DeviceError(
                f"{self._name} gives no more pictures: check its cable and that no other program "
                "uses it"
            )
        if self._pace is not None:
            captured_at = self._pace.wait(self._index / self._fps)
        self._index += 1
        if pixels.ndim == 2:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
        else:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
        return Frame(pixels=np.asarray(pixels, np.uint8), captured_at=captured_at)

    def close(self) -> None:
        """Frees the device."""
        self._capture.release()


def existing_cameras() -> list[int]:
    """Indices of the cameras this machine has. Slow where the system keeps no list."""
    if sys.platform.startswith("linux"):
        numbers = [p.name.removeprefix("video") for p in Path("/dev").glob("video*")]
        candidates = sorted(int(n) for n in numbers if n.isdigit())
    else:
        candidates = list(range(PROBED_INDICES))
    found: list[int] = []
    for index in candidates:
        capture = _open(index)
        if capture.isOpened():
            found.append(index)
        capture.release()
    return found


LARGEST_INDEX = 2**31 - 1
"""What OpenCV takes as a number."""


def _open(source: int | str) -> Any:
    """A cv2.VideoCapture, opened or not; OpenCV's own console lines about failure are kept out."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(source)
    finally:
        cv2.utils.logging.setLogLevel(level)


def _cannot_open(source: int | str) -> DeviceError | InputError:
    if isinstance(source, str):
        return InputError(
            f"the stream {source} cannot be opened: check the address and the network"
        )
    found = existing_cameras()
    if not found:
        return DeviceError(
            f"camera {source} cannot be opened and this machine shows no camera at all: plug one "
            "in, allow camera access in the system's privacy settings, or give a video file"
        )
    if source in found:
        return DeviceError(
            f"camera {source} exists but cannot be opened: close the program that uses it"
        )
    names = ", ".join(str(index) for index in found)
    return DeviceError(f"there is no camera {source}, but there are: {names}; give one of those")
