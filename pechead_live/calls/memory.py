"""The last moments of a stream, by number: a fixed bound on what is remembered."""

from pechead_live.calls.moment import Moment

KEPT = 128
"""Moments of about 11 KB; at 25 frames/s five seconds."""

Memory = dict[int, Moment]


def remember(memory: Memory, moment: Moment) -> None:
    """Adds a moment; the oldest by number goes if there are more than `KEPT`."""
    memory[moment.number] = moment
    if len(memory) > KEPT:
        del memory[min(memory)]
