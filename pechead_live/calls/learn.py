"""The contexts' first probabilities, learned from motion as it is sent."""

from array import array
from collections.abc import Sequence

from pechead_live.calls.choice import choose
from pechead_live.calls.header import StreamHeader
from pechead_live.calls.moment import MOST_CONFIDENCE, TICKS_PER_SECOND, Moment, first_moment
from pechead_live.calls.range_coder import HALF, new_contexts
from pechead_live.calls.syntax import CONTEXTS, Frame, code_frame
from pechead_live.coefficients import Coefficients

DISTANCES = (1, 2, 4, 6, 8, 12, 0)
"""References that a stream may have: the frame before, acknowledged ones, none."""

THRIFT = 0.1
"""As `EncoderConfig` has it."""

ROUNDS = 2
"""What is chosen depends on what it costs, and so on what was learned the round before."""


class Tally:
    """A coder that counts what is decided in each context."""

    def __init__(self) -> None:
        self.counts = [[0, 0] for _ in range(CONTEXTS)]

    def code(self, context: int, bit: int) -> int:
        """Counts ``bit``."""
        self.counts[context][bit] += 1
        return bit

    def code_even(self, bit: int) -> int:
        """Nothing to be learned."""
        return bit

    def shares(self) -> bytes:
        """The probability of 0 in each context, in 256ths; a half where nothing was decided."""
        return bytes(
            min(255, max(1, round(256 * (zeros + 0.5) / (zeros + ones + 1))))
            for zeros, ones in self.counts
        )


def learn_priors(motions: Sequence[Sequence[Coefficients]], header: StreamHeader) -> bytes:
    """The file of priors, from motions of the avatar of ``header``."""
    contexts = new_contexts([HALF] * CONTEXTS)
    tally = Tally()
    for _ in range(ROUNDS):
        tally = Tally()
        for motion in motions:
            for distance in DISTANCES:
                _count(tally, motion, header, distance, contexts)
        contexts = new_contexts([share << 8 | 128 for share in tally.shares()])
    return tally.shares()


def _count(
    tally: Tally,
    motion: Sequence[Coefficients],
    header: StreamHeader,
    distance: int,
    contexts: "array[int]",
) -> None:
    """Codes a motion in which every frame refers to the ``distance``-th before it."""
    moments: list[Moment] = []
    began = motion[0].captured_at
    for number, coefficients in enumerate(motion):
        known = distance and number >= distance
        reference = moments[number - distance] if known else first_moment(contexts)
        wanted = header.in_steps(coefficients)
        chosen = choose(wanted, reference, distance if known else 0, thrift=THRIFT)
        frame = Frame(
            number=number,
            tick=round((coefficients.captured_at - began) * TICKS_PER_SECOND),
            confidence=round(MOST_CONFIDENCE * coefficients.confidence),
            lost=False,
            holds=False,
            levels=chosen.levels,
            steady=chosen.steady,
        )
        moments.append(code_frame(tally, reference, distance if known else 0, frame))
