"""Where sound comes from: a device, or a file as if it were one."""

import time
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import av
import av.error
import numpy as np
import numpy.typing as npt

from pechead_live.clock import Clock, monotonic
from pechead_live.errors import DeviceError, InputError, MissingDependencyError

RATE = 48_000
"""Samples a second, everywhere in a call."""

PIECE = RATE // 50
"""Samples that are read at a time: 20 ms."""

Samples = npt.NDArray[np.int16]
"""(n,) of one channel."""

MOST_BEHIND = 10
"""Pieces that a file may be late before it skips them."""

NO_DEVICE = "none"


class Piece(NamedTuple):
    """A little sound."""

    samples: Samples
    heard_at: float
    """When its first sample was, seconds of the monotonic clock."""


class Microphone(Protocol):
    """One verb."""

    def read(self) -> Piece | None:
        """The next `PIECE` samples, once they were heard; None at the end."""
        ...

    def close(self) -> None:
        """Frees the device; `read` then returns None."""
        ...


class FileMicrophone:
    """A file's sound, over and over, at its own pace."""

    def __init__(self, path: Path, clock: Clock = monotonic) -> None:
        """Raises `InputError` if there is no sound in it."""
        self._samples = _sound_of(path)
        self._clock = clock
        self._began: float | None = None
        self._pieces = 0
        self._open = True

    def read(self) -> Piece | None:
        """See `Microphone`."""
        if self._began is None:
            self._began = self._clock()
        behind = int((self._clock() - self._began) * RATE / PIECE) - self._pieces
        if behind > MOST_BEHIND:  # nobody listened meanwhile
            self._pieces += behind
        heard_at = self._began + self._pieces * PIECE / RATE
        time.sleep(max(0.0, heard_at + PIECE / RATE - self._clock()))
        places = np.arange(self._pieces * PIECE, (self._pieces + 1) * PIECE) % len(self._samples)
        self._pieces += 1
        return Piece(self._samples[places], heard_at) if self._open else None

    def close(self) -> None:
        """See `Microphone`."""
        self._open = False


class DeviceMicrophone:
    """A microphone of this machine, through PortAudio."""

    def __init__(self, device: str, clock: Clock = monotonic) -> None:
        """``device``: "default" or a part of its name. Raises `DeviceError`."""
        library = sound_library()
        self._clock = clock
        try:
            self._stream: Any = library.RawInputStream(
                samplerate=RATE,
                blocksize=PIECE,
                channels=1,
                dtype="int16",
                device=None if device == "default" else device,
            )
            self._stream.start()
        except (library.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"the microphone {device!r} cannot be opened ({error}): name another with "
                f"--microphone, or '{NO_DEVICE}'"
            ) from error

    def read(self) -> Piece | None:
        """See `Microphone`."""
        if not self._stream.active:
            return None
        data, _ = self._stream.read(PIECE)
        heard_at = self._clock() - PIECE / RATE - float(self._stream.latency)
        return Piece(np.frombuffer(bytes(data), np.int16), heard_at)

    def close(self) -> None:
        """See `Microphone`."""
        self._stream.abort()


def open_microphone(name: str) -> Microphone | None:
    """``none``, ``file:PATH``, ``default`` or a part of a device's name."""
    if name == NO_DEVICE:
        return None
    if name.startswith("file:"):
        return FileMicrophone(Path(name.removeprefix("file:")).expanduser())
    return DeviceMicrophone(name)


def sound_library() -> Any:
    """sounddevice. Raises `MissingDependencyError` without it or without PortAudio."""
    try:
        import sounddevice
    except (ModuleNotFoundError, OSError) as error:
        raise MissingDependencyError(
            f"sound needs the package sounddevice and PortAudio ({error}): run pip install "
            "'pechead-live[call]' (on Debian also apt-get install libportaudio2), or give "
            "--microphone none --speaker none"
        ) from error
    return sounddevice


def _sound_of(path: Path) -> Samples:
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise InputError(f"{path} has no sound: give a file that has")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            pieces = [
                part.to_ndarray()[0]
                for frame in container.decode(audio=0)
                for part in resampler.resample(frame)
            ]
    except (av.error.FFmpegError, OSError) as error:
        raise InputError(f"{path} cannot be read as sound ({error}): give another") from error
    if not pieces:
        raise InputError(f"{path} has no sound: give a file that has")
    return np.concatenate(pieces).astype(np.int16)
