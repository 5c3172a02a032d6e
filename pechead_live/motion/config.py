"""How a driver's motion becomes the avatar's: the settings."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from pechead_live.errors import InputError

Mode = Literal["absolute", "relative", "calibrated"]

GAINS = ("yaw", "pitch", "roll", "position", "brows", "eyes", "gaze", "mouth")
"""The settings of `MotionConfig` that are gains."""

LARGEST_GAIN = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionConfig:
    """Mode, gains per group and soft limits."""

    mode: Mode = "calibrated"
    """"absolute": the driver's pose and expression as they are; "relative": their changes since
    the first frame, on top of the portrait; "calibrated": changes since a second of neutral face,
    and lips, lids and gaze from neutral whatever the portrait shows."""

    yaw: float = 1.0
    """Gain of turning the head, 0 to 1.5."""
    pitch: float = 1.0
    """Gain of nodding, 0 to 1.5."""
    roll: float = 1.0
    """Gain of tilting, 0 to 1.5."""
    position: float = 1.0
    """Gain of moving sideways, up, and nearer, 0 to 1.5."""
    brows: float = 1.0
    """Gain of brows, cheeks and nose, 0 to 1.5."""
    eyes: float = 1.0
    """Gain of the lids, 0 to 1.5; a full blink stays full from 1 on."""
    gaze: float = 1.0
    """Gain of looking around, 0 to 1.5."""
    mouth: float = 1.0
    """Gain of jaw, lips and tongue, 0 to 1.5."""

    yaw_limit: float = 35.0
    """Degrees from the portrait's own pose that are approached and never passed."""
    pitch_limit: float = 25.0
    """As `yaw_limit`."""
    roll_limit: float = 30.0
    """As `yaw_limit`."""
    position_limit: float = 0.8
    """Outer-eye distances from the portrait's own place, each way."""
    scale_limit: float = 1.4
    """Factor of size, either way, that is approached and never passed; above 1."""
    limit_absolute: bool = False
    """Whether the limits hold in absolute mode too, which is exact otherwise."""

    look_at_camera: bool = False
    """The eyes look straight ahead, whatever the driver's do."""
    natural_lids: bool = True
    """Relative and calibrated: blinks close fully, and both lids go together (`lids.py`)."""
    close_lips: bool = True
    """Relative and calibrated: the driver's closed lips are the avatar's closed lips."""
    calibration_s: float = 1.0
    """How long a neutral face is watched, seconds."""

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise InputError(f"unknown motion {self.mode!r}: use {', '.join(get_args(Mode))}")
        for name in GAINS:
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= LARGEST_GAIN):
                raise InputError(f"gain {name} is {value}: it must be from 0 to {LARGEST_GAIN}")
        for name in ("yaw_limit", "pitch_limit", "roll_limit", "position_limit"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value}: it must be above 0")
        if not (math.isfinite(self.scale_limit) and self.scale_limit > 1):
            raise InputError(f"scale_limit is {self.scale_limit}: it must be above 1")
        if not (math.isfinite(self.calibration_s) and self.calibration_s >= 0):
            raise InputError(f"calibration_s is {self.calibration_s}: it must be at least 0")
