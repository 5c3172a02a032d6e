"""`Windows`: pairs of neighbouring frames of a sitting, each with the guide of its second's motion.

A pair is what the recurrent network needs to be seen with a memory. The first four fifths of the
clip are learned from, the last fifth is only looked at.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import IDENTITY_SIZE, Coefficients
from pechead_live.errors import InputError
from pechead_live.facemodel.condition import condition_of
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.footage.square import SIDE
from pechead_live.motion import MotionConfig, initial_motion_state, retarget
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.square import resized
from pechead_live.training.batches.batch import Batch
from pechead_live.training.personal.sitting import Sitting

FRAMES = 2
"""Of a window, T."""

HELD_OUT = 0.2
"""Share of the clip, its end, that is never learned from."""

MOTION = MotionConfig(mode="relative")
"""From the sitting's anchor."""


class Windows(NamedTuple):
    """W windows of T frames of one portrait; H is the network's size."""

    truth: Tensor
    """(W, T, 3, H, H) uint8."""

    guide: Tensor
    """(W, T, 3, H, H) uint8, what the analytic renderer draws."""

    landmarks: Tensor
    """(W, T, 70, 2) as measured on the truth."""

    guide_landmarks: Tensor
    """(W, T, 70, 2) of the portrait's face with the same motion."""

    condition: Tensor
    """(W, T, 61) of the motion."""

    flow: Tensor
    """(W, T, 64, 64, 2)."""

    share: Tensor
    """(W, T, 64, 64)."""


class Portrait(NamedTuple):
    """What the network is told of the portrait, once."""

    pixels: Tensor
    """(1, 3, H, H) in [0, 1]."""

    condition: Tensor
    """(1, 61)."""


def portrait_of(avatar: Avatar, size: int) -> Portrait:
    """As `LiteRenderer` gives it to a network of that size."""
    pixels = resized(AnalyticRenderer(avatar, SIDE, SIDE).portrait(), size)
    picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    return Portrait(picture, torch.from_numpy(condition_of(avatar.rest))[None])


def windows_of(
    sitting: Sitting, avatar: Avatar, size: int, learned: int, held_out: int
) -> tuple[Windows, Windows]:
    """At most ``learned`` windows to learn from and ``held_out`` to look at, spread over theirs.

    Raises `InputError` where the clip has no two neighbouring frames in one of them.
    """
    pairs = [i for i in range(len(sitting.places) - 1) if _neighbours(sitting.places, i)]
    end = round((1 - HELD_OUT) * (sitting.places[-1] + 1))
    before = [i for i in pairs if sitting.places[i + 1] < end]
    after = [i for i in pairs if sitting.places[i] >= end]
    if not before or not after:
        raise InputError(
            "the clip shows the face too rarely, never in two neighbouring frames of its first "
            "four fifths or of its last fifth: give a clip in which it stays in the picture"
        )
    motion = _motion(sitting, avatar)
    renderer = AnalyticRenderer(avatar, SIDE, SIDE)
    chosen = (_spread(before, learned), _spread(after, held_out))
    first, second = (_windows(sitting, motion, renderer, places, size) for places in chosen)
    return first, second


def batch_of(windows: Windows, chosen: Sequence[int], portrait: Portrait) -> Batch:
    """Those windows as a batch for a recipe's losses."""
    places = torch.tensor(list(chosen))
    count = len(places)
    part = Windows(*(tensor[places] for tensor in windows))
    return Batch(
        source=portrait.pixels[None].expand(count, -1, -1, -1, -1),
        source_condition=portrait.condition[None].expand(count, -1, -1),
        source_landmarks=part.guide_landmarks[:, :1],
        driving=part.truth.float() / 255,
        driving_condition=part.condition,
        driving_landmarks=part.guide_landmarks,
        truth_landmarks=part.landmarks,
        truth_condition=part.condition,
        identity=torch.zeros(count, IDENTITY_SIZE),
        guide_picture=part.guide.float() / 255,
        guide_flow=part.flow,
        guide_share=part.share,
    )


def seen_mask(sitting: Sitting, size: int) -> Tensor:
    """(1, 1, size, size) in [0, 1]: what of the square the clip shows."""
    shown = cv2.resize(sitting.seen.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(np.asarray(shown, np.float32))[None, None]


def _windows(
    sitting: Sitting,
    motion: Sequence[Coefficients],
    renderer: AnalyticRenderer,
    places: Sequence[int],
    size: int,
) -> Windows:
    rows: list[tuple[Tensor, ...]] = []
    for place in (place + t for place in places for t in range(FRAMES)):
        guide = renderer.guide(motion[place])
        points = sitting.measurements[place].points[list(NETWORK_LANDMARKS), :2]
        arrays = (
            resized(sitting.pixels[place], size).transpose(2, 0, 1),
            resized(guide.picture, size).transpose(2, 0, 1),
            points.astype(np.float32),
            guide.landmarks,
            condition_of(motion[place]),
            guide.flow,
            guide.share,
        )
        rows.append(tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))
    whole = (torch.stack(tensors) for tensors in zip(*rows, strict=True))
    return Windows(*(tensor.unflatten(0, (-1, FRAMES)) for tensor in whole))


def _motion(sitting: Sitting, avatar: Avatar) -> list[Coefficients]:
    """The portrait's coefficients in each frame."""
    state, motion = initial_motion_state(sitting.anchor), list[Coefficients]()
    for driver in sitting.coefficients:
        moved, state = retarget(driver, avatar.rest, state, MOTION)
        motion.append(moved)
    return motion


def _neighbours(places: Sequence[int], i: int) -> bool:
    return places[i + 1] == places[i] + 1


def _spread(places: Sequence[int], count: int) -> list[int]:
    among = np.linspace(0, len(places) - 1, min(count, len(places)))
    return [places[i] for i in np.unique(among.astype(int)).tolist()]
