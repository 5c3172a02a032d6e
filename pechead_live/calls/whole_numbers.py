"""Whole numbers as decisions, for any `Coder`: each function writes and reads.

When reading, the ``value`` that is given does not matter.
"""

from pechead_live.calls.range_coder import Coder, CodingError

UNARY = 14
"""Numbers up to here are counted out, each step a decision of its own; above, Exp-Golomb."""

STEPS = 5
"""Contexts of such a count; from the last on they are one."""

LONGEST = 20
"""Bits of the largest number: a longer one was not written by an encoder."""


def code_signed(coder: Coder, zero: int, sign: int, size: int, value: int) -> int:
    """``zero`` and ``sign`` are contexts, ``size`` the first of `STEPS`."""
    if not coder.code(zero, int(value != 0)):
        return 0
    negative = coder.code(sign, int(value < 0))
    found = 1 + code_count(coder, size, abs(value) - 1)
    return -found if negative else found


def code_count(coder: Coder, first: int, value: int) -> int:
    """A number from 0 on, small ones likely; ``first`` of `STEPS` contexts."""
    for count in range(UNARY):
        if not coder.code(first + min(count, STEPS - 1), int(count < value)):
            return count
    return UNARY + _exp_golomb(coder, value - UNARY)


def code_bits(coder: Coder, bits: int, value: int) -> int:
    """A number of ``bits`` bits, all equally likely."""
    found = 0
    for place in range(bits - 1, -1, -1):
        found |= coder.code_even((value >> place) & 1) << place
    return found


def _exp_golomb(coder: Coder, value: int) -> int:
    """Exp-Golomb of order 0 (H.264, sec. 9.1) in decisions that are even."""
    bits = max(0, value + 1).bit_length()
    length = 1
    while coder.code_even(int(length < bits)):
        length += 1
        if length > LONGEST:
            raise CodingError(f"a number of more than {LONGEST} bits")
    return (1 << (length - 1) | code_bits(coder, length - 1, value + 1)) - 1
