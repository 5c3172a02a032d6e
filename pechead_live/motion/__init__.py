"""The driver's coefficients to the avatar's."""

from pechead_live.motion.anchor import find_anchor
from pechead_live.motion.config import MotionConfig
from pechead_live.motion.offsets import Offsets, apply_offsets
from pechead_live.motion.overrides import Overrides, apply_overrides, parse_setting
from pechead_live.motion.retarget import retarget
from pechead_live.motion.state import MotionState, initial_motion_state, request_calibration

__all__ = [
    "MotionConfig",
    "MotionState",
    "initial_motion_state",
    "request_calibration",
    "retarget",
    "find_anchor",
    "Offsets",
    "apply_offsets",
    "Overrides",
    "apply_overrides",
    "parse_setting",
]
