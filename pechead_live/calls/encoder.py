"""`Encoder`: coefficients to packets."""

import math
from array import array
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from pechead_live.calls.choice import choose
from pechead_live.calls.feedback import EARLIER, Feedback, read_feedback
from pechead_live.calls.header import StreamHeader
from pechead_live.calls.memory import KEPT, Memory, remember
from pechead_live.calls.moment import MOST_CONFIDENCE, TICKS_PER_SECOND, Moment, first_moment
from pechead_live.calls.packet import (
    FARTHEST,
    MOST_FRAMES,
    PacketStart,
    check_of,
    write_packet,
)
from pechead_live.calls.priors import prior_contexts
from pechead_live.calls.range_coder import RangeEncoder
from pechead_live.calls.syntax import Frame, code_frame
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError

LONGEST_SURPRISE = 1 << 19
"""Ticks by which a frame may be off its time, 35 minutes: after a longer pause comes one without a
reference. A packet that is not full then is sent instead of the frame that ended the pause."""

Reference = Literal["measured", "previous", "acknowledged"]


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """How a stream is sent."""

    reference: Reference = "measured"
    """What a frame refers to: the one before, which is smallest; the newest that the receiver is
    known to have ("acknowledged"), so that no loss is felt beyond its own frame; or the one before
    while nothing is lost."""

    calm_s: float = 5.0
    """So long nothing must be lost before a "measured" stream refers to the frame before again."""

    frames_per_packet: int = 1
    """1 to 3: fewer headers, and as much later."""

    thrift: float = 0.1
    """Squared steps of error that a bit is worth; 0 sends the nearest levels."""

    still_frames: int = 3
    """So many frames without a change are followed by silence."""

    keep_alive_s: float = 0.4
    """The longest silence."""

    def __post_init__(self) -> None:
        if self.reference not in get_args(Reference):
            raise InputError(
                f"unknown reference {self.reference!r}: use {', '.join(get_args(Reference))}"
            )
        if not 1 <= self.frames_per_packet <= MOST_FRAMES:
            raise InputError(f"{self.frames_per_packet} frames per packet: give 1 to {MOST_FRAMES}")
        if not (math.isfinite(self.thrift) and self.thrift >= 0):
            raise InputError(f"thrift {self.thrift}: give 0 or more")
        if self.still_frames < 1 or not all(
            math.isfinite(seconds) and seconds > 0 for seconds in (self.keep_alive_s, self.calm_s)
        ):
            raise InputError(
                f"still_frames {self.still_frames}, keep_alive_s {self.keep_alive_s} and calm_s "
                f"{self.calm_s}: give at least 1, and more than 0"
            )


class _Open(NamedTuple):
    """A packet that is not full yet."""

    coder: RangeEncoder
    contexts: "array[int]"
    distance: int
    moments: list[Moment]


class Encoder:
    """Of one stream. Not for several threads."""

    def __init__(self, header: StreamHeader, config: EncoderConfig | None = None) -> None:
        self._header, self._config = header, config or EncoderConfig()
        self._sent: Memory = {}
        self._had: set[int] = set()
        self._chain_from = 0
        self._lossy_until = -1
        self._last: Moment | None = None
        self._stills = 0
        self._began: float | None = None
        self._open: _Open | None = None
        self.lost_share = 0.0
        """Of the frames that the receiver told of last, what it could not read or never had."""

    def encode(self, coefficients: Coefficients | None, captured_at: float) -> bytes | None:
        """A packet, or None while one is filled or nothing changes.

        ``coefficients``: the avatar's (retargeted), None where no face was seen; what is not finite
        is no face either. ``captured_at``: seconds, growing; what comes within the same 4 ms as the
        frame before is left out.
        """
        began = captured_at if self._began is None else self._began
        self._began = began
        tick = round((captured_at - began) * TICKS_PER_SECOND)
        last = self._last
        if last is not None and tick <= last.tick:
            return None
        reference, distance = self._reference()
        if abs(tick - reference.tick - distance * reference.interval) > LONGEST_SURPRISE:
            if self._open is not None:
                return self._finish()
            reference, distance = first_moment(prior_contexts()), 0
        frame = self._frame(coefficients, tick, reference, distance)
        self._stills = self._stills + 1 if self._is_as_before(frame) else 0
        if self._stills and self._may_be_silent(frame):
            return None
        return self._write(frame, reference, distance)

    def hear(self, data: bytes) -> bool:
        """Takes what the receiver tells (`Decoder.feedback`); False if it is no such thing."""
        told = read_feedback(data)
        if told is None:
            return False
        self.lost_share = self._lost_of(told)
        if self._last is not None and self._is_lossy(told):
            calm = round(self._config.calm_s * TICKS_PER_SECOND)
            self._lossy_until = self._last.tick + calm
        self._had |= {number for number in told.frames if number in self._sent}
        self._had &= self._sent.keys()
        if told.stuck_at is not None and self._last is not None:
            stuck = self._last.number - ((self._last.number - told.stuck_at) & 255)
            if stuck >= self._chain_from:
                self._mend(told)
        return True

    def flush(self) -> bytes | None:
        """The packet that is not full yet, before a pause or the end; None if there is none."""
        return self._finish() if self._open is not None else None

    def _mend(self, told: Feedback) -> None:
        """What refers to the newest frames cannot be read: the next packet refers to others."""
        assert self._last is not None
        if max(told.frames, default=-1) < self._chain_from:  # the last mending was no use
            self._sent.clear()
        self._had = {number for number in told.frames if number in self._sent}
        rest = 0 if self._open is None else self._config.frames_per_packet
        rest -= 0 if self._open is None else len(self._open.moments)
        self._chain_from = self._last.number + 1 + rest

    @property
    def waiting(self) -> int:
        """Frames in the packet that is not full yet."""
        return 0 if self._open is None else len(self._open.moments)

    @property
    def refers_to_acknowledged(self) -> bool:
        """Whether the next frames refer only to what the receiver is known to have."""
        if self._config.reference == "measured":
            return self._last is not None and self._last.tick < self._lossy_until
        return self._config.reference == "acknowledged"

    def _is_lossy(self, told: Feedback) -> bool:
        """Whether something that was sent before the newest frame there is missing."""
        if told.stuck_at is not None:
            return True
        return self._lost_of(told) > 0

    def _lost_of(self, told: Feedback) -> float:
        newest = max(told.frames, default=0)
        sent = [n for n in range(newest - EARLIER, newest) if n in self._sent]
        return sum(n not in told.frames for n in sent) / max(len(sent), 1)

    @property
    def _number(self) -> int:
        """Of the next frame."""
        return 0 if self._last is None else self._last.number + 1

    def _reference(self) -> tuple[Moment, int]:
        """What the next frame refers to, and how far before it that is."""
        if self._open is not None:
            return self._open.moments[-1], 1
        chained = self._last is not None and self._last.number >= self._chain_from
        if self._last is not None and chained and not self.refers_to_acknowledged:
            return self._last, 1
        known = max(self._had, default=None)
        if known is None or self._number - known > min(FARTHEST, KEPT - MOST_FRAMES):
            return first_moment(prior_contexts()), 0
        return self._sent[known], self._number - known

    def _frame(
        self, coefficients: Coefficients | None, tick: int, reference: Moment, distance: int
    ) -> Frame:
        number = self._number
        if coefficients is None or not coefficients.is_finite():
            held = self._last or reference
            return Frame(
                number,
                tick,
                held.confidence,
                lost=True,
                holds=False,
                levels=held.levels,
                steady=False,
            )
        wanted = self._header.in_steps(coefficients)
        chosen = choose(wanted, reference, distance, thrift=self._config.thrift)
        confidence = self._confidence(coefficients.confidence)
        levels, steady = chosen.levels, chosen.steady
        return Frame(
            number, tick, confidence, lost=False, holds=False, levels=levels, steady=steady
        )

    def _confidence(self, confidence: float) -> int:
        """Kept as it was until it is nearer to the next but one."""
        exact = MOST_CONFIDENCE * min(max(confidence, 0.0), 1.0)
        if self._last is not None and abs(exact - self._last.confidence) < 0.75:
            return self._last.confidence
        return round(exact)

    def _is_as_before(self, frame: Frame) -> bool:
        last = self._last
        return last is not None and (
            last.levels == tuple(frame.levels)
            and last.lost == frame.lost
            and last.confidence == frame.confidence
        )

    def _may_be_silent(self, frame: Frame) -> bool:
        """Whether nothing is lost if ``frame``, which is as the one before, is not sent."""
        last = self._last
        if last is None or not last.holds or self._open is not None:
            return False
        if last.number < self._chain_from:  # the receiver waits for something that it can read
            return False
        late = frame.tick - last.tick >= self._config.keep_alive_s * TICKS_PER_SECOND
        safe = not self.refers_to_acknowledged or last.number in self._had
        return safe and not late

    def _write(self, frame: Frame, reference: Moment, distance: int) -> bytes | None:
        if self._open is None:
            contexts = array("H", reference.contexts)
            opened = _Open(RangeEncoder(contexts), contexts, distance, [])
        else:
            opened = self._open
        frame = frame._replace(holds=self._stills >= self._config.still_frames)
        moment = code_frame(opened.coder, reference, distance, frame)
        moment = moment._replace(contexts=array("H", opened.contexts))
        opened.moments.append(moment)
        self._open = opened
        self._last = moment
        remember(self._sent, moment)
        if len(opened.moments) < self._config.frames_per_packet and not moment.holds:
            return None
        return self._finish()

    def _finish(self) -> bytes:
        opened = self._open
        assert opened is not None
        self._open = None
        start = PacketStart(
            frames=len(opened.moments),
            distance=opened.distance,
            low_number=opened.moments[0].number & 255,
            check=check_of(opened.moments),
        )
        return write_packet(start, opened.coder.finish())
