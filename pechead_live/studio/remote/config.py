"""The settings of a remote run."""

import math
from dataclasses import dataclass

from pechead_live.errors import InputError


@dataclass(frozen=True, kw_only=True)
class RemoteConfig:
    """When to give a connection up, and when to try again."""

    seconds: float | None = None
    """The run ends after this long; None runs until it is stopped or the camera's stream ends."""

    first_picture_s: float = 15.0
    """A connection that has brought no picture after this long has failed."""

    silence_s: float = 3.0
    """One that brings no more for this long is broken: a server draws even if no frame comes."""

    pause_first_s: float = 0.5
    """The next connection is tried after this long, then after twice as long, and so on."""

    pause_longest_s: float = 8.0
    """But never later than this."""

    measure_s: float = 1.0
    """How often the round trip is measured."""

    linger_s: float = 0.5
    """After the camera's last frame the answers to the last ones are waited for this long."""

    finish_s: float = 10.0
    """At the end each sink and thread may take this long."""

    def __post_init__(self) -> None:
        for name in (
            "first_picture_s",
            "silence_s",
            "pause_first_s",
            "pause_longest_s",
            "measure_s",
            "linger_s",
            "finish_s",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value}: it must be a number above 0")
        if self.seconds is not None and not self.seconds > 0:
            raise InputError(f"seconds is {self.seconds}: it must be above 0, or None for no end")
