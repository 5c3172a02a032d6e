"""`Moment`: what encoder and decoder both know once a frame is coded; the next ones refer to it."""

from array import array
from typing import NamedTuple

from pechead_live.calls.parameters import COUNT

TICKS_PER_SECOND = 250
"""Capture times are counted in 4 ms: half a tick is less than a camera's own jitter."""

MOST_CONFIDENCE = 7
"""Confidence is 0 to 7, for 0 to 1."""

USUAL_INTERVAL = 10
"""Ticks between frames before any came: 25 a second."""

LARGEST_LEVEL = (1 << 15) - 1


class Moment(NamedTuple):
    """A frame as it was decoded, and what was learned until then. Integers only."""

    number: int
    """Counts the frames that were coded, from 0."""
    tick: int
    """Of its capture, since the stream's beginning."""
    interval: int
    """Ticks from one frame to the next, as they came last; at least 1."""
    confidence: int
    """0 to `MOST_CONFIDENCE`."""
    lost: bool
    """No face was seen; the levels are those before."""
    holds: bool
    """Nothing changes until the next frame: silence is not a loss."""
    levels: tuple[int, ...]
    """(52,) parameters in steps from the avatar at rest."""
    surprises: tuple[int, ...]
    """(52,) levels less what was predicted."""
    speeds: tuple[int, ...]
    """(52,) levels per frame, 0 unless the frame before was the reference."""
    contexts: "array[int]"
    """Of the range coder, after this frame. Not to be changed: copy it."""


def first_moment(contexts: "array[int]") -> Moment:
    """What a frame refers to that refers to no other: the avatar at rest, nothing learned."""
    still = (0,) * COUNT
    return Moment(
        number=-1,
        tick=0,
        interval=USUAL_INTERVAL,
        confidence=MOST_CONFIDENCE,
        lost=False,
        holds=False,
        levels=still,
        surprises=still,
        speeds=still,
        contexts=contexts,
    )
