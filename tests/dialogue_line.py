"""Two dialogues for tests, joined by a line in memory that delays and loses; time is passed in."""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from still_samples import astronaut
from stream_motion import HEADER, MOTION

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.still import FULL, GLIMPSE, Still, still_of
from pechead_live.calling.arrivals import Arrivals
from pechead_live.calling.dialogue import Dialogue, Me
from pechead_live.calling.known_stills import KnownStills
from pechead_live.calling.opus_padding import ride, riders_of
from pechead_live.coefficients import Coefficients

TICK_S = 0.02
FPS = 25
WAY_S = 0.08
SOUND_S = 0.06
OPUS = b"\x58" + bytes(40)
"""A packet of one frame, 60 ms."""


@cache
def stills() -> tuple[Still, ...]:
    return still_of(astronaut(), GLIMPSE), still_of(astronaut(), FULL)


class Wires:
    """What an end sends, as it is asked to."""

    def __init__(self) -> None:
        self.controls: list[str | bytes] = []
        self.motions: list[bytes] = []

    def control(self, message: str | bytes) -> None:
        self.controls.append(message)

    def motion(self, message: bytes) -> None:
        self.motions.append(message)


class End:
    """A dialogue and what becomes of it."""

    def __init__(self, known: Path, name: str = "Ann", *, shows: bool = True) -> None:
        self.wires, self.avatars = Wires(), list[Avatar]()
        self.arrivals = Arrivals()
        me = Me(name, stills(), HEADER, 60) if shows else Me(name, (), None)
        self.dialogue = Dialogue(
            me,
            self.wires,
            known=KnownStills(known),
            arrivals=self.arrivals,
            on_avatar=self.avatars.append,
        )

    @property
    def heights(self) -> list[int]:
        """Of the other end's avatars, as they came."""
        return [avatar.matte.shape[0] for avatar in self.avatars]


class Line(NamedTuple):
    """Between two ends; its control channel is reliable and in order."""

    loss: float = 0.0
    jitter_s: float = 0.0
    ahead_s: float = 0.0
    """By how much the second end's clock is ahead."""
    seed: int = 0


class Call:
    """Two ends, and the time."""

    def __init__(self, ends: tuple[End, End], line: Line = Line()) -> None:  # noqa: B008
        self.ends, self._line = ends, line
        self._chance = random.Random(line.seed)
        self._way: list[tuple[float, int, int, str, Any]] = []
        self._order = 0
        self.now = 100.0
        self.speaks = False
        self.bytes: Counter[str] = Counter()
        self.said: list[tuple[float, Coefficients]] = []
        """When, and what the first end's motion was."""
        self.seen: list[tuple[float, Coefficients]] = []
        """What the second end draws, and when that was, by its own clock."""
        for end in ends:
            end.dialogue.open(said_hello=False)

    def clock(self, k: int) -> float:
        return self.now + k * self._line.ahead_s

    def run(self, seconds: float, each: Callable[[float], None] = lambda now: None) -> None:
        """Goes on for so long."""
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            self._deliver()
            each(self.now)
            for k, end in enumerate(self.ends):
                if self.speaks and round(self.now / TICK_S) % round(SOUND_S / TICK_S) == 0:
                    riders = end.dialogue.take_riders(self.clock(k))
                    self._post(k, "sound", ride(OPUS, riders) or OPUS)
                end.dialogue.tick(self.clock(k))
                self._collect(k)

    def move(self, seconds: float) -> None:
        """Goes on while the first end's face moves."""
        last = -1

        def each(now: float) -> None:
            nonlocal last
            frame = int(now * FPS)
            if frame != last:
                last = frame
                pose = MOTION[frame % len(MOTION)]
                self.said.append((now, pose))
                self.ends[0].dialogue.say(pose, now, now)
            shown = self.ends[1].arrivals.pose(self.clock(1))
            if shown is not None:
                self.seen.append((shown.captured_at, shown))

        self.run(seconds, each)

    def error_degrees(self) -> float:
        """Median difference of the head's turn between what is shown and what was then made."""
        times = np.array([at for at, _ in self.said])
        apart: list[float] = []
        for captured_at, shown in self.seen[len(self.seen) // 2 :]:
            made = self.said[int(np.abs(times - captured_at + self._line.ahead_s).argmin())][1]
            cosine = (np.trace(made.rotation.T @ shown.rotation) - 1) / 2
            apart.append(float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))))
        return float(np.median(apart))

    def _collect(self, k: int) -> None:
        wires = self.ends[k].wires
        for message in wires.controls:
            self._post(k, "control", message)
        for message in wires.motions:
            self._post(k, "motion", message)
        wires.controls.clear()
        wires.motions.clear()

    def _post(self, k: int, kind: str, message: Any) -> None:
        self.bytes[kind] += len(message)
        self._order += 1
        comes = self.now + WAY_S
        if kind != "control":
            if self._chance.random() < self._line.loss:
                return
            comes += self._chance.uniform(0, self._line.jitter_s)
        heapq.heappush(self._way, (comes, self._order, 1 - k, kind, message))

    def _deliver(self) -> None:
        while self._way and self._way[0][0] <= self.now:
            _, _, k, kind, message = heapq.heappop(self._way)
            dialogue, now = self.ends[k].dialogue, self.clock(k)
            match kind:
                case "control":
                    dialogue.hear_control(message, now)
                case "motion":
                    dialogue.hear_motion(message, now)
                case _:
                    dialogue.hear_riders(riders_of(message), now)


def call(folder: Path, line: Line = Line()) -> Call:  # noqa: B008
    """Of Ann and Ben, who know what is in ``folder``."""
    return Call((End(folder / "a"), End(folder / "b", "Ben")), line)
