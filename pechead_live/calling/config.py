"""`CallConfig`: the settings of a call."""

import math
from dataclasses import dataclass, field

from pechead_live.calling.ladder.rungs import LadderConfig
from pechead_live.calling.motion_wire import MotionConfig
from pechead_live.calling.voice import VoiceConfig
from pechead_live.calls.playout import PlayoutConfig
from pechead_live.errors import InputError

MOST_TURN = 30.0
"""Degrees."""


@dataclass(frozen=True, kw_only=True)
class CallConfig:
    """Of one end."""

    fps: float = 30.0
    """Pictures a second that are drawn of the other end."""

    turn: tuple[float, float] = (0.0, 0.0)
    """Degrees of yaw and pitch by which the other end's head is turned more: towards whoever
    watches it."""

    motion: MotionConfig = field(default_factory=MotionConfig)
    """How coefficients are sent."""

    voice: VoiceConfig = field(default_factory=VoiceConfig)
    """How sound is sent."""

    playout: PlayoutConfig = field(default_factory=PlayoutConfig)
    """How gaps are bridged."""

    ladder: LadderConfig = field(default_factory=LadderConfig)
    """What may be sent beside motion, and when."""

    finish_s: float = 10.0
    """At the end each part may take this long."""

    def __post_init__(self) -> None:
        for name in ("fps", "finish_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value}: it must be a number above 0")
        if not all(abs(angle) <= MOST_TURN for angle in self.turn):
            raise InputError(
                f"a turn by {self.turn} degrees: give at most {MOST_TURN:g} either way"
            )
