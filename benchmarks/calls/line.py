"""A line that loses packets and brings them in another order, in frames rather than seconds."""

import random
from collections.abc import Sequence
from typing import NamedTuple

BURST = 4.0
"""Packets that a burst takes on average (Gilbert's model with a channel that is good or dead)."""


class Line(NamedTuple):
    """What a line does to packets."""

    loss: float = 0.0
    """Share of packets that do not arrive, both ways."""
    bursty: bool = False
    reordered: float = 0.0
    """Share of packets that arrive after the next one."""

    @property
    def name(self) -> str:
        """For a table."""
        if self.reordered:
            return f"{self.reordered:.0%} late"
        if not self.loss:
            return "no loss"
        return f"{self.loss:.0%} {'in bursts' if self.bursty else 'at random'}"


LINES: Sequence[Line] = (
    Line(),
    Line(0.05),
    Line(0.05, bursty=True),
    Line(0.1),
    Line(0.1, bursty=True),
    Line(0.3),
    Line(0.3, bursty=True),
    Line(reordered=0.1),
)


class Fate:
    """Decides packet by packet; the same for the same seed."""

    def __init__(self, line: Line, seed: int) -> None:
        self._line, self._random, self._dead = line, random.Random(seed), False

    def arrives(self) -> bool:
        """Whether the next packet does."""
        line = self._line
        if not line.bursty:
            return self._random.random() >= line.loss
        leave = 1 / BURST
        enter = leave * line.loss / (1 - line.loss)
        self._dead = self._random.random() < (1 - leave if self._dead else enter)
        return not self._dead

    def is_late(self) -> bool:
        """Whether it is overtaken."""
        return self._random.random() < self._line.reordered
