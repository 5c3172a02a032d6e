"""What a film is to show: the driver's coefficients as the portrait's."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pechead_live.coefficients import Coefficients
from pechead_live.evaluation.config import MotionMode
from pechead_live.motion import MotionConfig, initial_motion_state, retarget


def asked_motion(
    driver: Sequence[Coefficients], rest: Coefficients, mode: MotionMode
) -> list[Coefficients]:
    """The coefficients of each frame of the film; the driver's first frame is the anchor of
    relative motion."""
    state, config = initial_motion_state(), MotionConfig(mode=mode)
    asked: list[Coefficients] = []
    for coefficients in driver:
        moved, state = retarget(coefficients, rest, state, config)
        asked.append(moved)
    return asked


def reframed(driver: Sequence[Coefficients], rest: Coefficients) -> list[Coefficients]:
    """The driver in the portrait's framing: in its first frame as large and in the same place.

    Absolute motion is in the driving picture's coordinates; a portrait with a framing of its own
    would otherwise jump to where the driver sits in theirs.
    """
    first = driver[0]
    zoom = rest.scale / first.scale
    return [
        replace(
            c,
            scale=c.scale * zoom,
            translation=np.asarray(
                rest.translation + (c.translation - first.translation) * zoom, np.float32
            ),
        )
        for c in driver
    ]
