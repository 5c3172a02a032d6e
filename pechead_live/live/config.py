"""The settings of the live loop."""

import math
from dataclasses import dataclass, field

from pechead_live.live.presence import PresenceConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """How the loop keeps going when something does not."""

    fps: float = 30.0
    """Pictures per second while no frames come; with frames, their rate is the pictures' rate."""

    silence_s: float = 0.15
    """Without a frame for this long the loop draws on its own. Longer than a slow tracker's step,
    so that a busy machine does not draw the same pose twice."""

    reopen_first_s: float = 0.5
    """A camera that failed is opened again after this long, then after twice as long, and so on."""

    reopen_longest_s: float = 8.0
    """But never later than this."""

    renderer_restart: int = 10
    """After this many failures in a row the renderer's memory starts anew."""

    seconds: float | None = None
    """The loop ends after this long; None runs until it is stopped or the stream ends."""

    finish_s: float = 10.0
    """At the end each stage may take this long, a file to be completed for example; one that hangs
    in a driver is left behind with a warning."""

    presence: PresenceConfig = field(default_factory=PresenceConfig)
    """What is shown when the face comes and goes."""

    def __post_init__(self) -> None:
        for name in ("fps", "silence_s", "reopen_first_s", "reopen_longest_s", "finish_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}: it must be a number > 0")
        if self.renderer_restart < 1:
            raise ValueError(f"renderer_restart is {self.renderer_restart}: it must be >= 1")
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(f"seconds is {self.seconds}: it must be > 0, or None for no end")
