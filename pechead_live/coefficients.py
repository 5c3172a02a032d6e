"""`Coefficients`: pose, expression and identity of one face at one moment, the one currency.

Webcam, clip, recording, phone and sliders make one; renderers, codecs and metrics take one.

Geometry. *Picture coordinates* are (x right, y down), normalised: the centre of the picture is
(0, 0) and its shorter side spans [-1, 1] from the centre of the first pixel to that of the last
(`align_corners=True`). *Model space* is right-handed, x to the picture's right, y down, z away
from the viewer, its unit the mean face's outer-eye distance. A model point X lands in the picture
at ``scale * (rotation @ X)[:2] + translation`` (scaled orthographic).

Angles. ``rotation = Rz(roll) Ry(yaw) Rx(pitch)`` up to the signs that make them readable: yaw > 0
turns the nose to the picture's right, pitch > 0 lifts it, roll > 0 tilts the head clockwise as
seen in the picture. Degrees.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pechead_live.expressions import EXPRESSION_NAMES, expression_index

FloatArray = npt.NDArray[np.float32]

IDENTITY_SIZE = 50
"""Length of the identity vector alpha."""

EXPRESSION_SIZE = len(EXPRESSION_NAMES)
"""Length of the expression vector: 52."""


def _zeros(*shape: int) -> FloatArray:
    return np.zeros(shape, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """Pose, expression and identity of one face. Arrays are float32 and must not be written to."""

    identity: FloatArray = field(default_factory=lambda: _zeros(IDENTITY_SIZE))
    """(50,) alpha of the face model, unit variance over people; zeros are the mean face."""

    expression: FloatArray = field(default_factory=lambda: _zeros(EXPRESSION_SIZE))
    """(52,) in [0, 1], ordered as `EXPRESSION_NAMES`."""

    rotation: FloatArray = field(default_factory=lambda: np.eye(3, dtype=np.float32))
    """(3, 3) from model space to the camera."""

    translation: FloatArray = field(default_factory=lambda: _zeros(2))
    """(2,) picture coordinates of the model's origin."""

    scale: float = 0.4
    """Picture units per model unit: how large the outer-eye distance looks; > 0."""

    confidence: float = 1.0
    """[0, 1]; how far the measurement can be trusted."""

    captured_at: float = 0.0
    """`captured_at` of the frame it was read from, seconds."""

    def __post_init__(self) -> None:
        shapes = {
            "identity": (IDENTITY_SIZE,),
            "expression": (EXPRESSION_SIZE,),
            "rotation": (3, 3),
            "translation": (2,),
        }
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value.shape != shape or value.dtype != np.float32:
                raise ValueError(
                    f"{name} must be a float32 array of shape {shape}, "
                    f"not {value.dtype} {value.shape}"
                )

    def is_finite(self) -> bool:
        """True if no number in it is NaN or infinite and the scale is positive."""
        numbers = (self.scale, self.confidence, self.captured_at)
        arrays = (self.identity, self.expression, self.rotation, self.translation)
        return (
            all(math.isfinite(n) for n in numbers)
            and self.scale > 0
            and all(bool(np.isfinite(a).all()) for a in arrays)
        )

    def with_expressions(self, values: dict[str, float]) -> "Coefficients":
        """A copy with the named expressions set; an unknown name raises `InputError`."""
        expression = self.expression.copy()
        for name, value in values.items():
            expression[expression_index(name)] = value
        return replace(self, expression=expression)


def rotation_from_euler(yaw: float, pitch: float, roll: float) -> FloatArray:
    """(3, 3) rotation from degrees; signs as in the module's text."""
    a, b, c = math.radians(-pitch), math.radians(-yaw), math.radians(roll)
    rx = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    ry = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    rz = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return (rz @ ry @ rx).astype(np.float32)


def euler_from_rotation(rotation: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    """(yaw, pitch, roll) in degrees, the inverse of `rotation_from_euler` for |yaw| < 90."""
    yaw = -math.asin(max(-1.0, min(1.0, -float(rotation[2, 0]))))
    pitch = -math.atan2(float(rotation[2, 1]), float(rotation[2, 2]))
    roll = math.atan2(float(rotation[1, 0]), float(rotation[0, 0]))
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)
