"""The sinks that a session may have besides its viewers: a virtual camera, a recording."""

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from pechead_live.clock import monotonic
from pechead_live.frame import Picture
from pechead_live.protocols import Sink
from pechead_live.sink.file import FileSink
from pechead_live.sink.live_sound import LiveSound
from pechead_live.sink.loopback import loopback_devices
from pechead_live.sink.open import open_sink

VIRTUAL_CAMERA, RECORDING = "virtualcam", "recording"
SINKS = (VIRTUAL_CAMERA, RECORDING)

FPS = 30.0
"""Nominal rate of both."""


class FittedSink:
    """A sink of one size, for pictures whose size may change: they are scaled to it."""

    def __init__(self, sink: Sink, width: int, height: int, name: str) -> None:
        """``name``: what a user is shown."""
        self._sink, self._width, self._height = sink, width, height
        self.name, self.began = name, monotonic()

    def write(self, picture: Picture) -> None:
        """As the sink within."""
        if picture.pixels.shape[:2] != (self._height, self._width):
            picture = replace(picture, pixels=fitted(picture.pixels, self._width, self._height))
        self._sink.write(picture)

    def close(self) -> None:
        """Closes the sink within."""
        self._sink.close()


def fitted(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """(height, width, 3) ``pixels`` as large as they fit, on black."""
    zoom = min(width / pixels.shape[1], height / pixels.shape[0])
    size = (max(1, round(pixels.shape[1] * zoom)), max(1, round(pixels.shape[0] * zoom)))
    scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    whole = np.zeros((height, width, 3), np.uint8)
    whole[top : top + size[1], left : left + size[0]] = scaled
    return whole


def open_outlet(
    name: str, width: int, height: int, recordings: Path, sound: LiveSound | None
) -> FittedSink:
    """The sink ``name``, one of `SINKS`; ``sound`` is recorded with the pictures. Raises as
    `open_sink`."""
    if name == VIRTUAL_CAMERA:
        return FittedSink(open_sink(name, width, height, FPS), width, height, name)
    recordings.mkdir(parents=True, exist_ok=True)
    path = _free(recordings / f"{datetime.now(UTC).astimezone():%Y-%m-%d-%H%M%S}.mp4")
    film = FileSink(path, width, height, FPS, sound=sound)
    return FittedSink(film, width, height, path.name)


class Availability(NamedTuple):
    """Whether a sink can be used on this machine."""

    available: bool
    why: str | None
    """Why not."""


def availability() -> dict[str, dict[str, Any]]:
    """Of every sink, as the API shows it."""
    found = {VIRTUAL_CAMERA: _virtual_camera(), RECORDING: Availability(True, None)}
    return {name: one._asdict() for name, one in found.items()}


def sinks_as_json(sinks: Mapping[str, Sink]) -> dict[str, Any]:
    """Every sink's state: null if it is off."""
    now = monotonic()
    found: dict[str, Any] = dict.fromkeys(SINKS)
    for name, sink in sinks.items():
        if isinstance(sink, FittedSink):
            found[name] = {"name": sink.name, "seconds": round(now - sink.began, 1)}
    return found


def _virtual_camera() -> Availability:
    if importlib.util.find_spec("pyvirtualcam") is None:
        return Availability(False, "run pip install 'pechead-live[virtualcam]'")
    if sys.platform == "linux" and not any(d.state == "ready" for d in loopback_devices()):
        return Availability(
            False, "there is no free v4l2loopback device: 'pechead-live doctor' says what to do"
        )
    return Availability(True, None)


def _free(path: Path) -> Path:
    """``path``, or one like it that does not exist yet."""
    number, free = 2, path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free
