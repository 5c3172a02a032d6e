"""Adaptive binary arithmetic coding in integers: what one machine wrote, every machine reads.

A decision is 0 or 1 and is coded in a *context*, whose probability follows what was decided in it
before: the mean of a quick and a slow estimate, as in VVC (H.266, sec. 9.3.4.3). The interval is 32
bits wide and renewed in bytes (G. N. N. Martin 1979; LZMA). There are three coders with one verb,
so that a syntax is written once and cannot differ between writer and reader.
"""

import math
from array import array
from collections.abc import Sequence
from typing import Protocol

QUICK, SLOW = 4, 7
"""An estimate moves by 1/16 and 1/128 of the way to what was decided."""

HALF = 1 << 15
"""An estimate of 16 bits that says 0 and 1 are as likely."""

LEAST, MOST = 16, 4080
"""Bounds of the probability of 0 in 4096ths: no decision costs more than 8 bits."""

TOP = 1 << 24
"""The interval is never narrower."""

_PRICE = [0.0] + [-math.log2(share / 4096) for share in range(1, 4097)]


class CodingError(ValueError):
    """What is read was not written by an encoder."""


def new_contexts(shares: Sequence[int]) -> "array[int]":
    """Contexts whose probabilities of 0 begin at ``shares``, each of 65536."""
    return array("H", [share for share in shares for _ in range(2)])


class Coder(Protocol):
    """What a syntax is written for."""

    def code(self, context: int, bit: int) -> int:
        """The decision in ``context``: ``bit`` when writing, what was written when reading."""
        ...

    def code_even(self, bit: int) -> int:
        """The same for a decision that is as likely 0 as 1."""
        ...


class RangeEncoder:
    """Writes decisions; `finish` gives their bytes."""

    def __init__(self, contexts: "array[int]") -> None:
        """``contexts`` change as decisions are made."""
        self._contexts, self._low, self._width, self._bytes = contexts, 0, 0xFFFFFFFF, 4

    def code(self, context: int, bit: int) -> int:
        """Writes ``bit``."""
        return self._narrow(_share(self._contexts, context), bit, context)

    def code_even(self, bit: int) -> int:
        """Writes ``bit``."""
        return self._narrow(2048, bit, None)

    def finish(self) -> bytes:
        """The shortest bytes that are read as what was written."""
        end = self._low + self._width
        for zeros in range(8 * self._bytes - 1, -1, -1):
            value = ((self._low + (1 << zeros) - 1) >> zeros) << zeros
            if value < end:
                return value.to_bytes(self._bytes + 1, "big")[1:].rstrip(b"\0")
        raise AssertionError("an interval is at least TOP wide")

    def _narrow(self, share: int, bit: int, context: int | None) -> int:
        bound = (self._width >> 12) * share
        if bit:
            self._low += bound
            self._width -= bound
        else:
            self._width = bound
        while self._width < TOP:
            self._width <<= 8
            self._low <<= 8
            self._bytes += 1
        if context is not None:
            _learn(self._contexts, context, bit)
        return bit


class RangeDecoder:
    """Reads what a `RangeEncoder` wrote, with contexts that were equal before.

    Beyond the last byte are zeros without end: bytes that no encoder wrote are read as something.
    """

    def __init__(self, contexts: "array[int]", data: bytes) -> None:
        self._contexts, self._data, self._width = contexts, data, 0xFFFFFFFF
        self._at = 4
        self._code = int.from_bytes(data[:4].ljust(4, b"\0"), "big")

    def code(self, context: int, bit: int) -> int:  # noqa: ARG002 - the bytes decide
        """The next decision."""
        decided = self._narrow(_share(self._contexts, context))
        _learn(self._contexts, context, decided)
        return decided

    def code_even(self, bit: int) -> int:  # noqa: ARG002 - the bytes decide
        """The next decision."""
        return self._narrow(2048)

    def _narrow(self, share: int) -> int:
        bound = (self._width >> 12) * share
        if self._code < bound:
            decided, self._width = 0, bound
        else:
            decided, self._width, self._code = 1, self._width - bound, self._code - bound
        while self._width < TOP:
            following = self._data[self._at] if self._at < len(self._data) else 0
            self._code = (self._code << 8) | following
            self._width <<= 8
            self._at += 1
        return decided


class Price:
    """Adds up what decisions would cost; the contexts stay as they are."""

    def __init__(self, contexts: "array[int]") -> None:
        self._contexts = contexts
        self.bits = 0.0

    def code(self, context: int, bit: int) -> int:
        """Adds the price of ``bit``."""
        share = _share(self._contexts, context)
        self.bits += _PRICE[4096 - share if bit else share]
        return bit

    def code_even(self, bit: int) -> int:
        """Adds a bit."""
        self.bits += 1.0
        return bit


def _share(contexts: "array[int]", context: int) -> int:
    """Probability of 0 in 4096ths."""
    share = (contexts[2 * context] + contexts[2 * context + 1]) >> 5
    return LEAST if share < LEAST else min(share, MOST)


def _learn(contexts: "array[int]", context: int, bit: int) -> None:
    for place, rate in ((2 * context, QUICK), (2 * context + 1, SLOW)):
        estimate = contexts[place]
        if bit:
            contexts[place] = estimate - (estimate >> rate)
        else:
            contexts[place] = estimate + ((65535 - estimate) >> rate)
