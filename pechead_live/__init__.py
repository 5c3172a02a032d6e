"""PECHead-live: one portrait, one webcam, and the portrait moves.

The names here are the values and seams that everything else is built from; importing them loads no
heavy library. Parts are imported from their rooms, such as `pechead_live.avatar`.
"""

from pechead_live.coefficients import (
    Coefficients,
    euler_from_rotation,
    rotation_from_euler,
)
from pechead_live.errors import PecheadError
from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.frame import Frame, Picture
from pechead_live.protocols import Camera, Renderer, Sink, Tracker

__all__ = [
    "EXPRESSION_NAMES",
    "Camera",
    "Coefficients",
    "Frame",
    "PecheadError",
    "Picture",
    "Renderer",
    "Sink",
    "Tracker",
    "euler_from_rotation",
    "rotation_from_euler",
]
