"""A clip's motion forwards and backwards for minutes, and the pictures of it that are kept.

A film of five minutes is 7,500 pictures, 1.5 GB: only those at a few phases of a few loops of its
first and of its last minute are kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.evaluation.clip import Driving
from pechead_live.evaluation.film import spread
from pechead_live.evaluation.method import AnyRenderer, drawn_pictures
from pechead_live.frame import Frame, Pixels

WINDOW_S = 60.0
"""The first and the last minute; in a film shorter than two, its halves."""

PHASES = 8
"""Places of a loop whose pictures are kept."""

MOST_LOOPS = 6
"""Of each minute that are kept: 6 loops of 8 pictures of 256 x 256 are 9 MB."""

FEWEST_LOOPS = 3
"""That must fit into a window: the very first one starts from the empty memory and is not kept, and
the noise takes two."""


class Looping(NamedTuple):
    """What is drawn, and what of it is kept."""

    order: list[int]
    """Frames of the clip of one loop: forwards, then backwards, neither end twice."""

    rate: float
    """Pictures per second: the clip's."""

    pictures: int
    """Pictures of the whole film."""

    phases: list[int]
    """Places within a loop that are kept."""

    first: list[int]
    """Loops of the first minute that are kept, numbered from 0; never loop 0."""

    last: list[int]
    """Loops of the last minute that are kept."""


class KeptLoops(NamedTuple):
    """What of a film was kept: loops, and in each the pictures at the same phases."""

    first: list[list[Pixels]]
    last: list[list[Pixels]]


def looping_of(driving: Driving, minutes: float) -> Looping:
    """How ``driving`` is looped for ``minutes``. A frame without a face is skipped.

    Raises `InputError` when fewer than `FEWEST_LOOPS` loops fit into a window.
    """
    frames = driving.frames
    lasting = frames[-1].captured_at - frames[0].captured_at
    if lasting <= 0:
        raise InputError(f"all frames of {driving.name} have one time: give a clip with times")
    rate = (driving.places[-1] - driving.places[0]) / lasting
    order = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    period, count = len(order), round(60 * minutes * rate)
    window = min(WINDOW_S * rate, count / 2)
    if window < FEWEST_LOOPS * period:
        raise InputError(
            f"{driving.name} forwards and backwards lasts {period / rate:.1f} s, and of the "
            f"{window / rate:.1f} s at the film's beginning {FEWEST_LOOPS} loops are needed: take "
            "more --minutes, or fewer --frames"
        )
    first = range(1, int(window / period))
    last = range(-int(-(count - window) // period), count // period)
    return Looping(
        order=order,
        rate=rate,
        pictures=count,
        phases=[k * period // PHASES for k in range(PHASES)]
        if period > PHASES
        else [*range(period)],
        first=[first[i] for i in spread(0, len(first), MOST_LOOPS)],
        last=[last[i] for i in spread(0, len(last), MOST_LOOPS)],
    )


def draw_loops(
    renderer: AnyRenderer,
    asked: Sequence[Coefficients],
    frames: Sequence[Frame],
    looping: Looping,
) -> KeptLoops:
    """Draws the whole film with one memory. ``asked`` and ``frames`` are those of the clip, for a
    renderer that pose and expression drive and for one that pictures drive."""
    period = len(looping.order)

    def loops(numbers: Sequence[int]) -> list[list[int]]:
        return [[number * period + phase for phase in looping.phases] for number in numbers]

    first, last = loops(looping.first), loops(looping.last)
    wanted = {place for loop in (*first, *last) for place in loop}
    kept = {
        place: pixels
        for place, pixels in enumerate(
            drawn_pictures(
                renderer, _looped_motion(asked, looping), _looped_frames(frames, looping)
            )
        )
        if place in wanted
    }
    return KeptLoops(
        *([[kept[place] for place in loop] for loop in some] for some in (first, last))
    )


def _looped_motion(asked: Sequence[Coefficients], looping: Looping) -> Iterator[Coefficients]:
    for place, number in _places(looping):
        yield replace(asked[number], captured_at=place / looping.rate)


def _looped_frames(frames: Sequence[Frame], looping: Looping) -> Iterator[Frame]:
    for place, number in _places(looping):
        yield replace(frames[number], captured_at=place / looping.rate)


def _places(looping: Looping) -> Iterator[tuple[int, int]]:
    """Each picture's place in the film, and the number of the clip's frame."""
    for place in range(looping.pictures):
        yield place, looping.order[place % len(looping.order)]
