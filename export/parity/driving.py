"""A portrait and a recorded motion as what networks are given, frame by frame."""

from typing import NamedTuple

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.facemodel.condition import condition_of
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.frame import Pixels
from pechead_live.motion import MotionConfig, find_anchor, initial_motion_state, retarget
from pechead_live.recording import Recording
from pechead_live.renderer.analytic import AnalyticRenderer


class DrivenFrame(NamedTuple):
    """What one frame asks for, and what geometry alone makes of it."""

    condition: FloatArray
    """(61,)"""

    landmarks: FloatArray
    """(70, 2) picture coordinates."""

    picture: FloatArray
    """(S, S, 3) the guide picture, RGB in [0, 1]."""

    flow: FloatArray
    """(64, 64, 2)"""

    share: FloatArray
    """(64, 64) in [0, 1]."""


class Driving(NamedTuple):
    """A portrait and the frames that it is driven by."""

    portrait: FloatArray
    """(S, S, 3) RGB in [0, 1]."""

    condition: FloatArray
    """(61,) of the portrait."""

    landmarks: FloatArray
    """(70, 2) of the portrait."""

    frames: tuple[DrivenFrame, ...]
    """In order."""


def driving_of(avatar: Avatar, recording: Recording, size: int, frames: int) -> Driving:
    """The first ``frames`` faces of ``recording``, moved relative to the portrait's own pose, for
    networks of ``size`` pixels. `InputError` if it has fewer."""
    seen = [each for each in recording.coefficients if each.confidence > 0]
    if len(seen) < frames:
        raise InputError(
            f"the recording shows a face in {len(seen)} frames, {frames} are asked for: give a "
            "longer one, or --frames"
        )
    renderer = AnalyticRenderer(avatar, size, size)
    state = initial_motion_state(seen[find_anchor(tuple(seen), avatar.rest)])
    driven: list[DrivenFrame] = []
    for coefficients in seen[:frames]:
        moved, state = retarget(coefficients, avatar.rest, state, MotionConfig())
        guide = renderer.guide(moved)
        driven.append(
            DrivenFrame(
                condition_of(moved),
                guide.landmarks,
                fractions(guide.picture),
                guide.flow,
                guide.share,
            )
        )
    landmarks = np.ascontiguousarray(avatar.points[list(NETWORK_LANDMARKS)], np.float32)
    rest = condition_of(avatar.rest)
    return Driving(fractions(renderer.portrait()), rest, landmarks, tuple(driven))


def fractions(pixels: Pixels) -> FloatArray:
    """Bytes as fractions of 255."""
    return np.asarray(pixels, np.float32) / np.float32(255)
