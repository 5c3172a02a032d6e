"""Which levels to send: the nearest, or nearer to what is expected where that is much cheaper."""

from collections.abc import Sequence
from typing import NamedTuple

from pechead_live.calls.moment import LARGEST_LEVEL, Moment
from pechead_live.calls.parameters import COUNT
from pechead_live.calls.range_coder import Price
from pechead_live.calls.syntax import first_context, level_contexts, predicted
from pechead_live.calls.whole_numbers import code_signed


class Choice(NamedTuple):
    """Levels, and what they cost."""

    levels: tuple[int, ...]
    steady: bool
    cost: float
    """Squared error in steps, plus ``thrift`` times bits (G. Sullivan, T. Wiegand 1998)."""


def choose(wanted: Sequence[float], reference: Moment, distance: int, *, thrift: float) -> Choice:
    """``wanted``: (52,) parameters in steps. ``thrift``: squared steps that a bit is worth."""
    held = _choose(wanted, reference, distance, thrift, steady=False)
    if distance != 1 or not any(abs(speed) > 1 for speed in reference.speeds):
        return held
    moved = _choose(wanted, reference, distance, thrift, steady=True)
    return moved if moved.cost < held.cost else held


def _choose(
    wanted: Sequence[float], reference: Moment, distance: int, thrift: float, *, steady: bool
) -> Choice:
    price = Price(reference.contexts)
    first = first_context(distance)
    levels: list[int] = []
    cost, beside = 0.0, 0
    for place, known in enumerate(predicted(reference, steady=steady)):
        target = min(max(wanted[place], -LARGEST_LEVEL), LARGEST_LEVEL)
        contexts = level_contexts(first, place, reference.surprises[place], beside)
        nearest = round(target) - known
        nearest = min(max(nearest, -LARGEST_LEVEL - known), LARGEST_LEVEL - known)
        best, beside = _cost(price, contexts, target - known, nearest, thrift), nearest
        if nearest and abs(known) <= LARGEST_LEVEL:
            less = nearest - (1 if nearest > 0 else -1)
            other = _cost(price, contexts, target - known, less, thrift)
            if other < best:
                best, beside = other, less
        cost += best
        levels.append(known + beside)
    assert len(levels) == COUNT
    return Choice(tuple(levels), steady, cost)


def _cost(
    price: Price, contexts: tuple[int, int, int], wanted: float, surprise: int, thrift: float
) -> float:
    price.bits = 0.0
    code_signed(price, *contexts, surprise)
    return (wanted - surprise) ** 2 + thrift * price.bits
