"""How a portrait is personalised: the settings."""

import math
from dataclasses import dataclass

from pechead_live.errors import InputError


@dataclass(frozen=True, kw_only=True)
class PersonalConfig:
    """Steps, their size, and when to stop."""

    steps: int = 300
    """At most; a person whom the network had not seen gains little after these."""

    windows: int = 2
    """Pairs of frames that a step sees."""

    learned: int = 80
    """Pairs of frames that are learned from, spread over the clip."""

    held_out: int = 24
    """Frames that are only looked at, spread over the clip's last fifth."""

    learning_rate: float = 1e-2
    """Of Adam at first; a tenth of it at the end. Features are 1 to 3 in the mean."""

    minutes: float = 20.0
    """Of a sitting; what is best by then is kept, and the next sitting goes on."""

    look_every: int = 25
    """Steps between two looks at the held-out frames."""

    patience: int = 3
    """Looks without a better one after which learning ends."""

    seed: int = 0
    """Of all choices."""

    def __post_init__(self) -> None:
        counts = (self.steps, self.windows, self.learned, self.held_out, self.look_every)
        if min(*counts, self.patience) < 1:
            raise InputError(f"numbers of steps and frames must be at least 1: {self}")
        if not 0 < self.learning_rate < math.inf:
            raise InputError(f"a learning rate of {self.learning_rate}: give a number above 0")
        if not self.minutes > 0:
            raise InputError(f"{self.minutes} minutes: give more than 0")

    def rate(self, step: int) -> float:
        """Learning rate of ``step``, from 0 on."""
        return self.learning_rate * 0.1 ** (step / self.steps)
