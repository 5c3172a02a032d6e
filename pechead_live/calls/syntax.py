"""A frame as decisions in contexts: the one description that encoder and decoder share.

docs/coefficient-stream.md says the same in words.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pechead_live.calls.moment import LARGEST_LEVEL, MOST_CONFIDENCE, Moment
from pechead_live.calls.parameters import COUNT
from pechead_live.calls.range_coder import Coder, CodingError
from pechead_live.calls.whole_numbers import STEPS, code_bits, code_signed

CLASSES = 4
"""Sets of contexts: for frames that refer to the one before, to one up to 4 before, to an older
one, and to none."""

LOST, HOLDS, STILL, STEADY = range(4)
"""Contexts of a frame's flags: no face, silence follows, no surprise, moved as before."""

TIME, CONFIDENCE = 4, 4 + 2 + STEPS
"""First contexts of a number: zero, sign, then its size."""

LEVELS = CONFIDENCE + 2 + STEPS
ZEROS, SIGNS = 4, 3
PER_LEVEL = ZEROS + SIGNS + STEPS
PER_CLASS = LEVELS + COUNT * PER_LEVEL
CONTEXTS = CLASSES * PER_CLASS

LAST_NUMBER = LAST_TICK = (1 << 32) - 2
"""Half a year, and five of frames: what is beyond is not written."""


class Frame(NamedTuple):
    """What is to be coded; when reading, whatever `NO_FRAME` holds."""

    number: int
    tick: int
    confidence: int
    lost: bool
    holds: bool
    levels: Sequence[int]
    steady: bool
    """Whether it is predicted to move on."""


NO_FRAME = Frame(0, 0, 0, lost=False, holds=False, levels=(0,) * COUNT, steady=False)


def first_context(distance: int) -> int:
    """Of the set for a frame that refers to the ``distance``-th before it, 0 for none."""
    kind = 3 if distance == 0 else 0 if distance == 1 else 1 if distance <= 4 else 2
    return kind * PER_CLASS


def predicted(reference: Moment, *, steady: bool) -> tuple[int, ...]:
    """(52,) levels that are expected: as they were, or moved on by half of their speed."""
    if not steady:
        return reference.levels
    return tuple(
        level + (abs(speed) >> 1) * (1 if speed > 0 else -1)
        for level, speed in zip(reference.levels, reference.speeds, strict=True)
    )


def level_contexts(first: int, place: int, was: int, beside: int) -> tuple[int, int, int]:
    """Zero, sign and size of the surprise of parameter ``place``; ``was`` is the surprise there in
    the reference, ``beside`` that of the parameter before in this frame."""
    base = first + LEVELS + place * PER_LEVEL
    zero = base + (was != 0) + 2 * (beside != 0)
    sign = base + ZEROS + (0 if was == 0 else 1 if was > 0 else 2)
    return zero, sign, base + ZEROS + SIGNS


def code_frame(coder: Coder, reference: Moment, distance: int, frame: Frame) -> Moment:
    """Codes ``frame``, which refers to ``reference``, the ``distance``-th before it, 0 for none;
    the moment that it is, with the reference's contexts. Raises `CodingError`."""
    first = first_context(distance)
    number, tick = _code_number_and_time(coder, reference, distance, frame)
    changed = code_signed(
        coder, *_number_contexts(first + CONFIDENCE), frame.confidence - reference.confidence
    )
    confidence = reference.confidence + changed
    if not 0 <= confidence <= MOST_CONFIDENCE:
        raise CodingError(f"confidence {confidence}")
    lost = bool(coder.code(first + LOST, int(frame.lost)))
    holds = bool(coder.code(first + HOLDS, int(frame.holds)))
    levels, surprises = _code_levels(coder, reference, first, distance, frame)
    if max(map(abs, levels)) > LARGEST_LEVEL:
        raise CodingError(f"a level of {max(map(abs, levels))}")
    elapsed = tick - reference.tick
    usual = distance == 0 or reference.holds  # after a silence the time tells nothing
    goes_on = distance == 1 and not lost and not reference.lost
    return Moment(
        number=number,
        tick=tick,
        interval=reference.interval if usual else max(1, elapsed // distance),
        confidence=confidence,
        lost=lost,
        holds=holds,
        levels=levels,
        surprises=surprises,
        speeds=tuple(
            new - old if goes_on else 0 for new, old in zip(levels, reference.levels, strict=True)
        ),
        contexts=reference.contexts,
    )


def _code_number_and_time(
    coder: Coder, reference: Moment, distance: int, frame: Frame
) -> tuple[int, int]:
    if distance == 0:
        number, tick = code_bits(coder, 32, frame.number), code_bits(coder, 32, frame.tick)
        if max(number, tick) > LAST_TICK:
            raise CodingError(f"frame {number} at {tick}")
        return number, tick
    first = first_context(distance)
    due = reference.tick + distance * reference.interval
    tick = due + code_signed(coder, *_number_contexts(first + TIME), frame.tick - due)
    number = reference.number + distance
    if not reference.tick < tick <= LAST_TICK or number > LAST_NUMBER:
        raise CodingError(f"frame {number} at {tick}, after {reference.tick}")
    return number, tick


def _code_levels(
    coder: Coder, reference: Moment, first: int, distance: int, frame: Frame
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    steady = distance == 1 and bool(coder.code(first + STEADY, int(frame.steady)))
    expected = predicted(reference, steady=steady)
    wanted = [level - known for level, known in zip(frame.levels, expected, strict=True)]
    if coder.code(first + STILL, int(not any(wanted))):
        return expected, (0,) * COUNT
    surprises: list[int] = []
    beside = 0
    for place in range(COUNT):
        contexts = level_contexts(first, place, reference.surprises[place], beside)
        beside = code_signed(coder, *contexts, wanted[place])
        surprises.append(beside)
    levels = tuple(known + new for known, new in zip(expected, surprises, strict=True))
    return levels, tuple(surprises)


def _number_contexts(first: int) -> tuple[int, int, int]:
    return first, first + 1, first + 2
