"""Sound that comes while pictures are written, kept in step with them in their file."""

import threading
from collections import deque
from fractions import Fraction
from typing import Any, NamedTuple

import av
import numpy as np

from pechead_live.clock import Clock, monotonic
from pechead_live.coefficients import FloatArray

RATE = 48_000
"""Samples per second in the file."""

CHANNELS = 2

PACKET = 1024
"""Samples of an AAC packet."""

JITTER_S = 0.1
"""A piece that comes so much earlier or later than its place is put in its place: networks hold
sound up and let it go again."""

LATE_S = 0.5
"""Sound that is missing for so long will not come: silence takes its place."""

MOST = 1500
"""Pieces that wait at most, half a minute of a browser's: more is for a file that nobody writes."""


class _Piece(NamedTuple):
    samples: FloatArray
    """(2, N) in [-1, 1]."""
    began: float
    """When its first sample was heard, seconds of the clock."""


class LiveSound:
    """Between whoever hears (`put`, any thread) and a `VideoWriter` on the same clock."""

    def __init__(self, *, held_s: float = 0.0, clock: Clock = monotonic) -> None:
        """``held_s``: how long a piece was on its way when it comes, more than a picture is."""
        self._held, self._clock = held_s, clock
        self._lock = threading.Lock()
        self._pieces: deque[_Piece] = deque(maxlen=MOST)
        self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
        self._container: Any = None
        self._stream: Any = None
        self._rest = np.zeros((CHANNELS, 0), np.float32)
        self._placed = self._encoded = 0
        self._flowing = False

    def put(self, frame: av.AudioFrame) -> None:
        """A piece whose last sample has just been heard."""
        heard = self._clock() - self._held
        with self._lock:
            for piece in self._resampler.resample(frame):
                samples = np.asarray(piece.to_ndarray(), np.float32)
                self._pieces.append(_Piece(samples, heard - samples.shape[1] / RATE))

    def open(self, container: Any) -> None:
        """Adds a stream to a PyAV container that is open for writing."""
        self._container = container
        self._stream = container.add_stream("aac", rate=RATE, layout="stereo")

    def copy_until(self, end: float, *, start: float) -> None:
        """Writes what was heard before ``end``; ``start`` becomes zero. Seconds of the clock."""
        whole = round((end - start) * RATE)
        while (piece := self._next_before(end)) is not None:
            place = round((piece.began - start) * RATE)
            if self._flowing and abs(place - self._placed) <= JITTER_S * RATE:
                place = self._placed
            self._write(np.zeros((CHANNELS, max(0, place - self._placed)), np.float32))
            left = piece.samples[:, max(0, self._placed - place) :]
            self._write(left)
            self._flowing = self._flowing or left.size > 0
        missing = whole - round(LATE_S * RATE) - self._placed
        if missing > 0:
            self._write(np.zeros((CHANNELS, missing), np.float32))
            self._flowing = False

    def finish(self, end: float, *, start: float) -> None:
        """Writes the last of it; the sound ends with the pictures, at ``end``."""
        self.copy_until(end, start=start)
        missing = round((end - start) * RATE) - self._placed
        self._write(np.zeros((CHANNELS, max(0, missing)), np.float32))
        self._encode(self._rest)
        for packet in self._stream.encode(None):
            self._container.mux(packet)

    def _next_before(self, end: float) -> _Piece | None:
        with self._lock:
            if self._pieces and self._pieces[0].began < end:
                return self._pieces.popleft()
        return None

    def _write(self, samples: FloatArray) -> None:
        self._placed += samples.shape[1]
        self._rest = np.concatenate([self._rest, samples], axis=1)
        while self._rest.shape[1] >= PACKET:
            self._encode(self._rest[:, :PACKET])
            self._rest = self._rest[:, PACKET:]

    def _encode(self, samples: FloatArray) -> None:
        if not samples.shape[1]:
            return
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = self._encoded
        self._encoded += samples.shape[1]
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
