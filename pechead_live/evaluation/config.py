"""`EvaluationConfig`: how much is looked at, and how the driver's motion becomes the portrait's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pechead_live.errors import InputError
from pechead_live.evaluation.clip import FEWEST_FRAMES

MotionMode = Literal["absolute", "relative"]

MOST_EXPRESSIONS = 10_000
"""Set on one portrait."""

MOST_MINUTES = 1440.0
"""Of a drift's film: a day."""


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """The settings of every protocol."""

    frames: int | None = None
    """Only so many frames from the start of each clip; None takes all."""

    stride: int = 4
    """Pictures are compared in every such frame; faces are measured in all, jitter needs
    neighbours."""

    identity_frames: int = 12
    """CSIM-dlib is taken at so many frames of a film, evenly spread (80 ms each); 0 leaves it
    out."""

    perceptual: bool = True
    """Whether eFID, eFVD and ePD are taken (20 ms a picture; they need torch)."""

    arcface: Path | None = None
    """An ArcFace network (ONNX) for CSIM-ArcFace; None leaves it out."""

    inception: Path | None = None
    """FID's Inception-v3 (safetensors) for FID; None leaves it out."""

    motion: MotionMode = "absolute"
    """"absolute", as in the paper: pose and expression as the driver's are; "relative": their
    changes since its first frame, on top of the portrait."""

    portraits_per_clip: int = 4
    """Reenactment: so many portraits are moved by each clip, drawn by `seed`; 0 takes all."""

    expressions_per_portrait: int = 12
    """Editing: so many driving expressions are set on each portrait."""

    minutes: float = 5.0
    """Drift: so long a film of looped motion is drawn."""

    seed: int = 0
    """Of the choice of pairs."""

    landmarker: Path | None = None
    """MediaPipe's ``.task`` file; None looks it up."""

    def __post_init__(self) -> None:
        if self.frames is not None and self.frames < FEWEST_FRAMES:
            raise InputError(
                f"frames is {self.frames}: at least {FEWEST_FRAMES}, fewer drive nothing"
            )
        if self.stride < 1:
            raise InputError(f"stride is {self.stride}: 1 compares every frame, less none")
        for name in ("identity_frames", "portraits_per_clip", "seed"):
            value: int = getattr(self, name)
            if value < 0:
                raise InputError(f"{name} is {value}: it must be 0 or more")
        if not 1 <= self.expressions_per_portrait <= MOST_EXPRESSIONS:
            raise InputError(
                f"expressions_per_portrait is {self.expressions_per_portrait}: "
                f"1 to {MOST_EXPRESSIONS}"
            )
        if not 0 < self.minutes <= MOST_MINUTES:
            raise InputError(
                f"minutes is {self.minutes:g}: more than 0 and at most {MOST_MINUTES:g}"
            )
        if self.motion not in get_args(MotionMode):
            raise InputError(
                f"unknown motion {self.motion!r}: use {' or '.join(get_args(MotionMode))}"
            )
