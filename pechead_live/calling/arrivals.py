"""What comes of the other end's motion: packets in, at any moment the pose to draw out."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pechead_live.calls import Decoder, StreamHeader
from pechead_live.calls.decoder import STUCK
from pechead_live.calls.playout import PlayoutConfig, PlayoutState, arrived, initial_playout, shown
from pechead_live.clock import Clock, monotonic
from pechead_live.coefficients import Coefficients, FloatArray, rotation_from_euler
from pechead_live.frame import Frame

MOST_EARLY = 40
"""Packets that wait for the stream's header: without the first ones those that follow cannot be
read."""

_BLANK = np.zeros((16, 16, 3), np.uint8)
"""Pixels of a frame that only carries the time."""


class Arrivals:
    """Of one call. The network's thread puts in, the drawing loop's takes out."""

    def __init__(self, config: PlayoutConfig | None = None) -> None:
        self._config = config or PlayoutConfig()
        self._longest_wait_s = self._config.longest_wait_s
        self._lock = threading.Lock()
        self._decoder: Decoder | None = None
        self._playout: PlayoutState = initial_playout()
        self._began_at: float | None = None
        self._identity: FloatArray = Coefficients().identity
        self._turn: FloatArray = np.eye(3, dtype=np.float32)
        self._early: deque[tuple[bytes, float]] = deque(maxlen=MOST_EARLY)
        """Packets that came before the stream's header."""
        self.on_shown: Callable[[float, float], None] | None = None
        """Told the stream's time and the local one, for each pose."""
        self.frames = 0
        self.longest_gap_s = 0.0
        """Between two packets that brought frames."""
        self._came_at: float | None = None
        self.bridged = 0
        """Pictures whose frame was missing."""
        self.shown = 0

    def forget(self) -> None:
        """Somebody else will come."""
        with self._lock:
            self._decoder = None
            self._playout = initial_playout()
            self._config = replace(self._config, longest_wait_s=self._longest_wait_s)
            self._began_at = self._came_at = None
            self._early.clear()

    def begin(self, header: StreamHeader) -> None:
        """A stream begins, or begins anew."""
        with self._lock:
            self._decoder = Decoder(header, self._identity)
            self._playout = initial_playout()
            early, self._early = list(self._early), deque(maxlen=MOST_EARLY)
            for packet, at in early:
                self._read(self._decoder, packet, at)

    def allow_for(self, held_s: float) -> None:
        """The sender keeps frames for up to ``held_s``: waited for beyond the line's jitter."""
        with self._lock:
            longest = self._longest_wait_s + held_s
            self._config = replace(self._config, longest_wait_s=longest)

    def turn(self, yaw: float, pitch: float) -> None:
        """From now on the head is turned by so many degrees more: to look at who watches."""
        self._turn = rotation_from_euler(yaw, pitch, 0.0)

    @property
    def began_at(self) -> float | None:
        """The stream's time 0 on this machine's clock, if it is known."""
        return self._began_at

    def place_in_time(self, began_at: float) -> None:
        """The stream's time 0 on this machine's clock, as far as it is known."""
        self._began_at = began_at

    def take(self, packet: bytes, at: float) -> bool:
        """A packet that came ``at``; whether the sender should hear of it at once."""
        with self._lock:
            if self._decoder is None:
                self._early.append((packet, at))
                return False
            stuck = self._decoder.dropped[STUCK]
            self._read(self._decoder, packet, at)
            return self._decoder.dropped[STUCK] > stuck

    def _read(self, decoder: Decoder, packet: bytes, at: float) -> None:
        received = decoder.decode(packet)
        for frame in received:
            self._playout = arrived(self._playout, frame, at, self._config)
        self._note(len(received), at)

    def _note(self, frames: int, at: float) -> None:
        if frames:
            came_at = at if self._came_at is None else self._came_at
            self.longest_gap_s = max(self.longest_gap_s, at - came_at)
            self._came_at = at
            self.frames += frames

    def feedback(self) -> bytes | None:
        """For the sender; None before the stream has begun."""
        with self._lock:
            return None if self._decoder is None else self._decoder.feedback()

    def dropped(self) -> dict[str, int]:
        """Packets, by why."""
        with self._lock:
            return {} if self._decoder is None else dict(self._decoder.dropped)

    def pose(self, now: float) -> Coefficients | None:
        """What to draw ``now``; None while there is no face. ``captured_at`` is on this machine's
        clock: when the sender's camera saw it, if that is known, else by the quickest way."""
        with self._lock:
            said, self._playout = shown(self._playout, now, self._config, identity=self._identity)
        if said is None:
            return None
        self.shown += 1
        if self.on_shown is not None:
            self.on_shown(said.coefficients.captured_at, now)
        self.bridged += said.bridged
        if not said.face:
            return None
        coefficients = said.coefficients
        began_at = self._began_at
        captured = now - said.delay_s if began_at is None else began_at + coefficients.captured_at
        return replace(
            coefficients, captured_at=captured, rotation=self._turn @ coefficients.rotation
        )


class ArrivalsCamera:
    """Blank frames, as often as pictures shall be drawn."""

    def __init__(self, fps: float, clock: Clock = monotonic) -> None:
        self._fps, self._clock = fps, clock
        self._next = clock()
        self._open = True

    @property
    def fps(self) -> float:
        """Pictures a second."""
        return self._fps

    def read(self) -> Frame | None:
        """The next one, when it is due."""
        now = self._clock()
        self._next = max(self._next + 1 / self._fps, now)
        time.sleep(self._next - now)
        return Frame(pixels=_BLANK, captured_at=self._clock()) if self._open else None

    def close(self) -> None:
        """Ends the stream."""
        self._open = False


class ArrivalsTracker:
    """Reads the pose off the call, not off the frame."""

    def __init__(self, arrivals: Arrivals, clock: Clock = monotonic) -> None:
        self._arrivals, self._clock = arrivals, clock

    def track(self, frame: Frame) -> Coefficients | None:
        """The pose to draw now."""
        del frame
        return self._arrivals.pose(self._clock())

    def close(self) -> None:
        """There is nothing to free."""
