"""Where sound goes: a device, or a file."""

import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pechead_live.calling.microphone import NO_DEVICE, PIECE, RATE, Samples, sound_library
from pechead_live.clock import Clock, monotonic
from pechead_live.destination import check_destination
from pechead_live.errors import DeviceError

DRIFT_S = 0.05
"""By which a device may be off its time before it is set anew: each time is heard."""

Take = Callable[[float, int], Samples]
"""`PlayedSound.take`."""


class Speaker(Protocol):
    """Asks for sound until it is closed."""

    def start(self, take: Take) -> None:
        """Begins."""
        ...

    def close(self) -> None:
        """Ends; a file is then complete."""
        ...


class FileSpeaker:
    """A WAV file, written as it would be heard."""

    def __init__(self, path: Path, clock: Clock = monotonic) -> None:
        """Raises `OutputError` where no file can be."""
        check_destination(path)
        self._path, self._clock = path, clock
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, take: Take) -> None:
        """See `Speaker`."""
        self._thread = threading.Thread(target=self._write, args=(take,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """See `Speaker`."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def _write(self, take: Take) -> None:
        with wave.open(str(self._path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            at = self._clock()
            while not self._closing.is_set():
                at += PIECE / RATE
                time.sleep(max(0.0, at - self._clock()))
                file.writeframes(take(at - PIECE / RATE, PIECE).tobytes())


class DeviceSpeaker:
    """A loudspeaker of this machine, through PortAudio."""

    def __init__(self, device: str, clock: Clock = monotonic) -> None:
        """``device``: "default" or a part of its name. Raises `DeviceError`."""
        library = sound_library()
        self._clock = clock
        self._take: Take | None = None
        self._at: float | None = None
        try:
            self._stream: Any = library.RawOutputStream(
                samplerate=RATE,
                blocksize=PIECE,
                channels=1,
                dtype="int16",
                device=None if device == "default" else device,
                callback=self._fill,
            )
        except (library.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"the loudspeaker {device!r} cannot be opened ({error}): name another with "
                f"--speaker, or '{NO_DEVICE}'"
            ) from error

    def start(self, take: Take) -> None:
        """See `Speaker`."""
        self._take = take
        self._stream.start()

    def close(self) -> None:
        """See `Speaker`."""
        self._stream.abort()

    def _fill(self, out: Any, frames: int, times: Any, status: Any) -> None:
        del times, status
        assert self._take is not None
        heard_at = self._clock() + float(self._stream.latency)
        if self._at is None or abs(heard_at - self._at) > DRIFT_S:
            self._at = heard_at
        out[:] = self._take(self._at, frames).tobytes()
        self._at += frames / RATE


def open_speaker(name: str) -> Speaker | None:
    """``none``, ``file:PATH``, ``default`` or a part of a device's name."""
    if name == NO_DEVICE:
        return None
    if name.startswith("file:"):
        return FileSpeaker(Path(name.removeprefix("file:")).expanduser())
    return DeviceSpeaker(name)
