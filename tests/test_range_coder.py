"""Decisions are read as they were written, on every machine, in few bytes."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from pechead_live.calls.range_coder import (
    HALF,
    CodingError,
    Price,
    RangeDecoder,
    RangeEncoder,
    new_contexts,
)
from pechead_live.calls.whole_numbers import STEPS, code_bits, code_count, code_signed

NUMBERS = st.lists(st.one_of(st.integers(-3, 3), st.integers(-(1 << 19), 1 << 19)), max_size=60)


def written(numbers: list[int], share: int = HALF) -> bytes:
    coder = RangeEncoder(new_contexts([share] * (2 + STEPS)))
    for number in numbers:
        code_signed(coder, 0, 1, 2, number)
    return coder.finish()


@settings(deadline=None)
@given(NUMBERS, st.sampled_from([1, 1000, HALF, 65000, 65535]))
def test_numbers_are_read_as_they_were_written_and_both_ends_have_learned_the_same(
    numbers: list[int], share: int
) -> None:
    ours, theirs = (new_contexts([share] * (2 + STEPS)) for _ in range(2))
    encoder = RangeEncoder(ours)
    for number in numbers:
        code_signed(encoder, 0, 1, 2, number)
    decoder = RangeDecoder(theirs, encoder.finish())
    assert [code_signed(decoder, 0, 1, 2, 0) for _ in numbers] == numbers
    assert ours == theirs


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 32), st.integers(0, (1 << 32) - 1)), max_size=20))
def test_bits_are_read_as_they_were_written(words: list[tuple[int, int]]) -> None:
    encoder = RangeEncoder(new_contexts([HALF]))
    for bits, value in words:
        code_bits(encoder, bits, value & ((1 << bits) - 1))
    decoder = RangeDecoder(new_contexts([HALF]), encoder.finish())
    for bits, value in words:
        assert code_bits(decoder, bits, 0) == value & ((1 << bits) - 1)


@pytest.mark.parametrize(
    ("numbers", "share", "expected"),
    [
        ([0, 0, 1, -2, 3, 0, 17, -40, 0], HALF, "2a80f230077d50"),
        ([5, 5, 5, 5, -600], 60000, "fe2c472e8fdeb8b231e95ffffff9f6"),
        ([0] * 200, HALF, ""),
    ],
)
def test_the_bytes_are_those_of_the_specification(
    numbers: list[int], share: int, expected: str
) -> None:
    assert written(numbers, share).hex() == expected


def test_what_is_likely_costs_as_little_as_it_should() -> None:
    rng = np.random.default_rng(0)
    bits = [int(bit) for bit in rng.random(20_000) < 0.05]
    coder = RangeEncoder(new_contexts([HALF]))
    for bit in bits:
        coder.code(0, bit)
    entropy = -(0.05 * np.log2(0.05) + 0.95 * np.log2(0.95)) * len(bits)
    assert 8 * len(coder.finish()) < 1.03 * entropy


@pytest.mark.parametrize("share", [5000, HALF, 60000])
def test_a_price_is_what_is_paid(share: int) -> None:
    each = 2 + STEPS  # every number in contexts of its own, so that none has learned meanwhile
    numbers = np.random.default_rng(1).integers(-5, 6, 3000).tolist()
    contexts = new_contexts([share] * each * len(numbers))
    price, encoder = Price(contexts), RangeEncoder(contexts)
    for place, number in enumerate(numbers):
        first = place * each
        code_signed(price, first, first + 1, first + 2, number)
        code_signed(encoder, first, first + 1, first + 2, number)
    assert 8 * len(encoder.finish()) == pytest.approx(price.bits, rel=1e-3)


def test_a_number_that_no_encoder_writes_is_refused() -> None:
    class Ones:
        def code(self, context: int, bit: int) -> int:
            return 1

        def code_even(self, bit: int) -> int:
            return 1

    with pytest.raises(CodingError, match="20 bits"):
        code_count(Ones(), 0, 0)
