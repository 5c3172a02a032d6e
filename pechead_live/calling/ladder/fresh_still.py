"""A still of an end's camera, taken just now, that the other end moves as it moves the avatar.

The coefficients stay those of the call's avatar. With the still comes the pose that the avatar had
when it was taken: what they change since then is put on top of the still's own pose
(`motion.retarget`, relative). So nothing has to happen at both ends at once, and a still that comes
late, or never, does no harm.
"""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.still import Still
from pechead_live.calling.messages import Message
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.frame import Picture
from pechead_live.motion import MotionConfig, MotionState, initial_motion_state, retarget
from pechead_live.protocols import Renderer
from pechead_live.rotation import rotation_from_vector, rotation_vector

RELATIVE = MotionConfig(mode="relative")


class FreshStill(NamedTuple):
    """Of the other end, as it came."""

    avatar: Avatar
    anchor: Coefficients
    """The pose of the call's avatar when it was taken."""


def told_still(still: Still, anchor: Coefficients) -> Message:
    """What is said of it, over the reliable channel; ``anchor`` as `FreshStill` has it."""
    x, y = (round(float(value), 4) for value in anchor.translation)
    return {
        "type": "still",
        "digest": still.digest,
        "bytes": len(still.content),
        "turn": [round(float(angle), 4) for angle in rotation_vector(anchor.rotation)],
        "place": [x, y, round(math.log(anchor.scale), 4)],
        "expression": [round(float(value), 2) for value in anchor.expression],
    }


def anchor_of(message: Message) -> Coefficients:
    """Of a checked message (`messages.read_message`)."""
    x, y, size = message["place"]
    return Coefficients(
        expression=np.clip(np.array(message["expression"], np.float32), 0, 1),
        rotation=rotation_from_vector(np.array(message["turn"], np.float64)),
        translation=np.array([x, y], np.float32),
        scale=math.exp(size),
    )


class FreshState(NamedTuple):
    """What a fresh still's drawing remembers."""

    motion: MotionState
    renderer: Any


class FreshRenderer:
    """Draws a fresh still with the coefficients of the call's avatar."""

    def __init__(self, renderer: Renderer[Any], fresh: FreshStill) -> None:
        """``renderer``: of ``fresh.avatar``. Raises `InputError` for one that cannot be moved."""
        if not (fresh.anchor.is_finite() and fresh.avatar.rest.is_finite()):
            raise InputError("a fresh still's pose is not finite")
        self._renderer, self._fresh = renderer, fresh

    def initial_state(self) -> FreshState:
        """See `Renderer`."""
        return FreshState(initial_motion_state(self._fresh.anchor), self._renderer.initial_state())

    def render(self, coefficients: Coefficients, state: FreshState) -> tuple[Picture, FreshState]:
        """See `Renderer`; ``coefficients``: of the call's avatar."""
        # at rest nothing is measured: that is a pose, too
        moved = replace(coefficients, confidence=1.0)
        moved, motion = retarget(moved, self._fresh.avatar.rest, state.motion, RELATIVE)
        picture, memory = self._renderer.render(moved, state.renderer)
        return picture, FreshState(motion, memory)
