"""`MotionWire`: this end's coefficients out, the other's in, and what each has of the other's.

They go in messages of an unreliable channel, or ride in packets of sound while there are any.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pechead_live.calling.arrivals import Arrivals
from pechead_live.calling.derived_header import derived, told_header
from pechead_live.calling.riders import (
    COEFFICIENTS,
    DERIVED,
    EARLIER,
    FEEDBACK,
    HEADER,
    Riders,
    pack_riders,
)
from pechead_live.calls import Encoder, EncoderConfig, StreamHeader, read_header
from pechead_live.calls.packet import MOST_FRAMES
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError

logger = logging.getLogger(__name__)

RIDES_S = 0.5
"""Sound that went out so lately will go on: coefficients wait for it."""

FEEDBACK_S = 0.4
"""How often a receiver says what it has, while nothing is missing."""

HEADER_AGAIN_S, HEADER_RARELY_S = 1.5, 6.0
"""The stream's header is sent until the receiver is heard: again so soon, then each time after
twice as long, at most so rarely."""

DERIVED_S = 4.0
"""So long the receiver is given to derive it."""

DERIVE_AGAIN_S = 1.0
"""Between two that are derived, at least: it takes 20 ms."""

STUCK_S = 0.05
"""Between two words that the receiver is stuck, at least."""

ALONE_S = 0.15
"""How long its word waits for coefficients that it can go with."""

LONGEST_RIDER = 255


def _whole_packets() -> EncoderConfig:
    return EncoderConfig(frames_per_packet=MOST_FRAMES)


@dataclass(frozen=True, kw_only=True)
class MotionConfig:
    """How motion is sent."""

    frames_per_message: int = 2
    """Of coefficients in a message of their own; those that ride in sound go with the next."""

    encoder: EncoderConfig = field(default_factory=_whole_packets)
    """Of the stream; its ``frames_per_packet`` is the most that are joined in any case."""

    def __post_init__(self) -> None:
        if not 1 <= self.frames_per_message <= self.encoder.frames_per_packet:
            raise InputError(
                f"{self.frames_per_message} frames per message: give 1 to "
                f"{self.encoder.frames_per_packet}"
            )


class MotionWire:
    """In one thread; `arrivals` may be read in another. Times are passed in, seconds."""

    def __init__(
        self,
        header: StreamHeader | None,
        send: Callable[[bytes], None],
        arrivals: Arrivals,
        config: MotionConfig,
        *,
        quality_px: float | None = None,
    ) -> None:
        """``header``: of this end's stream, None if it sends none; ``quality_px``: of which it was
        made, if that is known. ``send``: a message over the unreliable channel."""
        self._send, self.arrivals, self._config = send, arrivals, config
        self._header = header
        self._header_due: float | None = None
        self._header_again = HEADER_AGAIN_S
        self._was_heard = self._has_said = False
        self._heard_header = self._heard_derived = b""
        self._derived_at = -1e9
        self._told = b"" if quality_px is None else told_header(quality_px)
        self.peer_derives = False
        """Whether the other end derives this one's header."""
        self.peer_rest: Coefficients | None = None
        """The other end's avatar at rest, once it is there."""
        self._encoder = None if header is None else Encoder(header, config.encoder)
        self._packets: list[bytes] = []
        self._sound_went_at = self._told_at = -1e9
        self._urgent = False
        self.peer_finds_riders = False
        self.on_loss: Callable[[float], None] | None = None
        """Told the share of this end's frames that the other lacks, of those it told of lately."""
        self.counts: Counter[str] = Counter()

    def say(self, coefficients: Coefficients | None, captured_at: float, now: float) -> None:
        """This end's motion (None: no face), to be sent as soon as it makes sense."""
        if self._encoder is None:
            return
        packet = self._encoder.encode(coefficients, captured_at)
        if packet is not None:
            self._packets.append(packet)
        if self.rides(now):
            return
        if not self._has_said:  # the first is waited for
            self._has_said = True
            self._flush()
        if self._encoder.waiting >= self._config.frames_per_message:
            self._flush()
        if self._packets:
            self._send_all(now)

    def take_riders(self, now: float) -> Riders:
        """What shall ride in the sound that goes out ``now``; it counts as sent."""
        self._sound_went_at = now
        if not self.peer_finds_riders:
            return {}
        self._flush()
        riders = self._feedback(now) if self._feedback_is_due(now) else {}
        packets, self._packets = self._packets, []
        if packets:
            riders |= self._introduction()
        for number in (COEFFICIENTS, EARLIER):
            if packets and len(packets[-1]) <= LONGEST_RIDER:
                riders[number] = packets.pop()
                self.counts["packets in sound"] += 1
        for packet in packets:  # what does not fit goes alone
            self._message({COEFFICIENTS: packet})
        return riders

    def hear(self, riders: Riders, now: float) -> None:
        """What rode in sound, or came alone."""
        if HEADER in riders:
            self._begin(riders[HEADER])
        if DERIVED in riders:
            self._derive(riders[DERIVED], now)
        for number in (EARLIER, COEFFICIENTS):
            if number in riders:
                self._urgent |= self.arrivals.take(riders[number], now)
                self.counts["packets heard"] += 1
        if FEEDBACK in riders and self._encoder is not None:
            self._was_heard = True
            if self._encoder.hear(riders[FEEDBACK]) and self.on_loss is not None:
                self.on_loss(self._encoder.lost_share)
        if self._urgent and not self.rides(now) and now - self._told_at > STUCK_S:
            self._send_all(now)

    def tick(self, now: float, *, moves: bool = True) -> None:
        """Some fifty times a second: what is due by time alone. ``moves``: the other end has use
        for this end's motion."""
        if moves and self._header is not None and not self._was_heard:
            self._say_header(self._header, now)
        if self.rides(now):
            return
        waits = now - self._told_at <= FEEDBACK_S + ALONE_S
        if self._packets or not (waits or self.arrivals.frames == 0):
            self._send_all(now)

    def _say_header(self, header: StreamHeader, now: float) -> None:
        """Whole, where it is not derived, or that was of no use."""
        if self._header_due is None:
            self._header_due = now + DERIVED_S if self._introduction() else now
        if now >= self._header_due:
            self._header_due = now + self._header_again
            self._header_again = min(2 * self._header_again, HEADER_RARELY_S)
            self._message({HEADER: header.to_bytes()})

    def _introduction(self) -> Riders:
        """What goes with coefficients in the header's place, until the receiver is heard."""
        useful = self.peer_derives and bool(self._told) and not self._was_heard
        return {DERIVED: self._told} if useful else {}

    def _derive(self, told: bytes, now: float) -> None:
        rest, again = self.peer_rest, now - self._derived_at > DERIVE_AGAIN_S
        if rest is None or told == self._heard_derived or not again:
            return
        self._derived_at = now
        try:
            header = derived(told, rest)
        except InputError as error:
            logger.warning("%s", error)
            return
        self._heard_derived = told
        self._begin(header.to_bytes())

    def _begin(self, data: bytes) -> None:
        try:
            header = read_header(data)
        except InputError as error:
            logger.warning("%s", error)
            return
        if data != self._heard_header:
            self._heard_header = data
            self.arrivals.begin(header)
        self._urgent = True  # or it comes again

    def rides(self, now: float) -> bool:
        """Whether there is sound that things can ride in."""
        return self.peer_finds_riders and now - self._sound_went_at < RIDES_S

    def _flush(self) -> None:
        packet = None if self._encoder is None else self._encoder.flush()
        if packet is not None:
            self._packets.append(packet)

    def _feedback_is_due(self, now: float) -> bool:
        return self._urgent or now - self._told_at > FEEDBACK_S

    def _feedback(self, now: float) -> Riders:
        feedback = self.arrivals.feedback()
        if feedback is None:
            return {}
        self._told_at, self._urgent = now, False
        return {FEEDBACK: feedback}

    def _send_all(self, now: float) -> None:
        riders = self._feedback(now) if self._feedback_is_due(now) else {}
        if self._packets:
            riders |= self._introduction()
            riders[COEFFICIENTS] = self._packets.pop(0)
        if riders:
            self._message(riders)
        while self._packets:
            self._message({COEFFICIENTS: self._packets.pop(0)})

    def _message(self, riders: Riders) -> None:
        self._send(pack_riders(riders))
        self.counts["messages"] += 1
