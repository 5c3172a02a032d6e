"""Sound that comes while pictures are written, kept in step with them in their file."""

import math
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

SETTLES_S = 0.5
"""When a piece was heard is told by those that came within so much of it: networks hold sound up
and let it go again, so the one that was on its way for the least time is right for all."""

JITTER_S = 0.03
"""By so much a piece may be out of its place before sound is cut or silence put in."""

LATE_S = 1.5
"""Sound that is missing for so long will not come: silence takes its place."""

MOST = 1500
"""Pieces that wait at most, half a minute of a browser's: more is for a file that nobody writes."""


class _Piece(NamedTuple):
    samples: FloatArray
    """(2, N) in [-1, 1]."""
    time: float
    """Of its first sample, in seconds of its source's own clock."""
    came: float
    """Seconds of the clock."""


class _Delay(NamedTuple):
    came: float
    seconds: float
    """From the source's clock to the clock, and the way of this one piece."""


class LiveSound:
    """Between whoever hears (`put`, any thread) and a `VideoWriter` on the same clock."""

    def __init__(self, *, held_s: float = 0.0, clock: Clock = monotonic) -> None:
        """``held_s``: how long a piece was on its way when it comes, more than a picture is."""
        self._held, self._clock = held_s, clock
        self._lock = threading.Lock()
        self._pieces: deque[_Piece] = deque(maxlen=MOST)
        self._delays: deque[_Delay] = deque(maxlen=MOST)
        self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
        self._container: Any = None
        self._stream: Any = None
        self._rest = np.zeros((CHANNELS, 0), np.float32)
        self._placed = self._encoded = 0
        self._ended, self._shift = -math.inf, 0.0
        self._flowing = False

    def put(self, frame: av.AudioFrame) -> None:
        """A piece whose last sample has just been heard. Raises `ValueError` without ``pts``."""
        came = self._clock()
        ended = _time_of(frame) + frame.samples / frame.sample_rate
        with self._lock:
            delay = came - self._held - ended - self._shift
            if ended + self._shift < self._ended:  # another source, which counts from its own zero
                usual = min(known.seconds for known in self._delays)
                self._shift, delay = self._shift + delay - usual, usual
            self._ended = ended + self._shift
            self._delays.append(_Delay(came, delay))
            for piece in self._resampler.resample(frame):
                samples = np.asarray(piece.to_ndarray(), np.float32)
                time = _time_of(piece) + self._shift
                self._pieces.append(_Piece(samples, time, came))

    def open(self, container: Any) -> None:
        """Adds a stream to a PyAV container that is open for writing."""
        self._container = container
        self._stream = container.add_stream("aac", rate=RATE, layout="stereo")

    def copy_until(self, end: float, *, start: float) -> None:
        """Writes what was heard before ``end``, as far as it is known; ``start`` becomes zero.
        Seconds of the clock."""
        self._copy(end, start, settled=self._clock() - SETTLES_S)
        missing = round((end - start - LATE_S) * RATE) - self._placed
        if missing > 0 and not self._pieces:
            self._write(np.zeros((CHANNELS, missing), np.float32))
            self._flowing = False

    def finish(self, end: float, *, start: float) -> None:
        """Writes the last of it; the sound ends with the pictures, at ``end``."""
        self._copy(end, start, settled=math.inf)
        missing = round((end - start) * RATE) - self._placed
        self._write(np.zeros((CHANNELS, max(0, missing)), np.float32))
        self._encode(self._rest)
        for packet in self._stream.encode(None):
            self._container.mux(packet)

    def _copy(self, end: float, start: float, *, settled: float) -> None:
        """Pieces that came before ``settled`` and began before ``end``."""
        while (found := self._next_before(end, settled)) is not None:
            samples, began = found
            place = round((began - start) * RATE)
            if self._flowing and abs(place - self._placed) <= JITTER_S * RATE:
                place = self._placed
            self._write(np.zeros((CHANNELS, max(0, place - self._placed)), np.float32))
            left = samples[:, max(0, self._placed - place) :]
            self._write(left)
            self._flowing = self._flowing or left.size > 0

    def _next_before(self, end: float, settled: float) -> tuple[FloatArray, float] | None:
        """The next piece, and when its first sample was heard."""
        with self._lock:
            if not self._pieces or self._pieces[0].came > settled:
                return None
            piece = self._pieces[0]
            while self._delays[0].came < piece.came - SETTLES_S:
                self._delays.popleft()
            near = (d.seconds for d in self._delays if d.came <= piece.came + SETTLES_S)
            began = piece.time + min(near)
            if began >= end:
                return None
            self._pieces.popleft()
            return piece.samples, began

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


def _time_of(frame: av.AudioFrame) -> float:
    """Seconds of its source's clock."""
    if frame.pts is None or frame.time_base is None:
        raise ValueError("a piece of sound has no pts: its time in its source is needed")
    return float(frame.pts * frame.time_base)
