"""`Decoder`: packets to coefficients. Whatever comes, it neither fails nor grows."""

from array import array
from collections import Counter
from typing import NamedTuple

import numpy as np

from pechead_live.calls.feedback import EARLIER, Feedback, write_feedback
from pechead_live.calls.header import StreamHeader
from pechead_live.calls.memory import KEPT, Memory, remember
from pechead_live.calls.moment import (
    MOST_CONFIDENCE,
    TICKS_PER_SECOND,
    Moment,
    first_moment,
)
from pechead_live.calls.packet import PacketStart, check_of, read_packet
from pechead_live.calls.parameters import from_parameters
from pechead_live.calls.priors import prior_contexts
from pechead_live.calls.range_coder import CodingError, RangeDecoder
from pechead_live.calls.syntax import NO_FRAME, code_frame
from pechead_live.coefficients import Coefficients, FloatArray

DAMAGED, REPEATED, STUCK = "damaged", "repeated", "stuck"
"""Why a packet is dropped: it is none, or not what was sent; it was there already; its reference is
missing, or its number is that of another one (of the lowest 8 bits, after a long silence)."""


class Received(NamedTuple):
    """A frame."""

    number: int
    lost: bool
    """No face was seen: ``coefficients`` are those before."""
    holds: bool
    """Nothing changes until the next frame."""
    interval_s: float
    """From one frame to the next, as they come."""
    levels: tuple[int, ...]
    """(52,) as they were sent, in steps."""
    coefficients: Coefficients
    """The avatar's; ``captured_at`` in seconds since the stream's first frame."""


class Decoder:
    """Of one stream. Not for several threads."""

    def __init__(self, header: StreamHeader, identity: FloatArray) -> None:
        """``identity``: (50,) the avatar's."""
        self._header, self._identity = header, identity
        self._memory: Memory = {}
        self._checks: dict[int, int] = {}
        self._newest = -1
        self._stuck_at: int | None = None
        self.dropped: Counter[str] = Counter()
        """Packets, by `DAMAGED`, `REPEATED`, `STUCK`."""

    def decode(self, packet: bytes) -> list[Received]:
        """The packet's frames in their order; none from one that is dropped."""
        read = read_packet(packet)
        if read is None:
            return self._drop(DAMAGED)
        start, codeword = read
        number = self._number_of(start)
        if self._checks.get(number) == start.check:
            return self._drop(REPEATED)
        reference = self._reference(number, start)
        if reference is None or (start.distance and number in self._memory):
            self._stuck_at = start.low_number
            return self._drop(STUCK)
        moments = _decoded(start, codeword, reference)
        if moments is None:
            self._stuck_at = start.low_number
            return self._drop(DAMAGED)
        if moments[0].number <= self._newest - KEPT:  # only without a reference
            if self._stuck_at is None:
                return self._drop(REPEATED)
            self._memory.clear()
            self._newest = -1
        for moment in moments:
            remember(self._memory, moment)
        first, last = moments[0].number, moments[-1].number
        self._checks[first] = start.check
        self._checks = {n: check for n, check in self._checks.items() if n in self._memory}
        if last > self._newest:
            self._newest, self._stuck_at = last, None
        return [self._received(moment) for moment in moments]

    def feedback(self) -> bytes:
        """To be sent to the encoder, often enough: with every second or third packet, and at once
        when a packet was dropped as `STUCK`."""
        near = range(self._newest - EARLIER, self._newest + 1)
        return write_feedback(
            Feedback(frozenset(n for n in near if n in self._memory), self._stuck_at)
        )

    def _drop(self, why: str) -> list[Received]:
        self.dropped[why] += 1
        return []

    def _number_of(self, start: PacketStart) -> int:
        """That with these lowest bits which is nearest to the one that comes next."""
        due = self._newest + 1
        return due + ((start.low_number - due + 128) & 255) - 128

    def _reference(self, number: int, start: PacketStart) -> Moment | None:
        if start.distance == 0:
            return first_moment(prior_contexts())
        return self._memory.get(number - start.distance)

    def _received(self, moment: Moment) -> Received:
        header = self._header
        coefficients = from_parameters(
            header.origin + header.steps * np.array(moment.levels, np.float64),
            identity=self._identity,
            confidence=0.0 if moment.lost else moment.confidence / MOST_CONFIDENCE,
            captured_at=moment.tick / TICKS_PER_SECOND,
        )
        interval = moment.interval / TICKS_PER_SECOND
        return Received(
            number=moment.number,
            lost=moment.lost,
            holds=moment.holds,
            interval_s=interval,
            levels=moment.levels,
            coefficients=coefficients,
        )


def _decoded(start: PacketStart, codeword: bytes, reference: Moment) -> list[Moment] | None:
    """None for what no encoder wrote."""
    contexts = array("H", reference.contexts)
    coder = RangeDecoder(contexts, codeword)
    moments: list[Moment] = []
    distance = start.distance
    try:
        for _ in range(start.frames):
            moment = code_frame(coder, reference, distance, NO_FRAME)
            reference = moment._replace(contexts=array("H", contexts))
            moments.append(reference)
            distance = 1
    except CodingError:
        return None
    first = moments[0].number & 255
    return moments if first == start.low_number and check_of(moments) == start.check else None
