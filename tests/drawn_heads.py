"""Small batches for tests of losses and recipes: drawn heads that turn and open their mouths."""

import math

import numpy as np
import torch
from torch import Tensor

from pechead_live.coefficients import (
    EXPRESSION_SIZE,
    IDENTITY_SIZE,
    Coefficients,
    rotation_from_euler,
)
from pechead_live.expressions import expression_index
from pechead_live.facemodel.condition import condition_of
from pechead_live.facemodel.model import load_face_model, points_of
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.model.landmark_flow import landmark_flow
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.regions import eyes_mask, face_mask, mouth_mask
from pechead_live.training.losses.warping import warp_picture


def drawn_face(yaw: float = 0.0, roll: float = 0.0, jaw: float = 0.0) -> Coefficients:
    """A head in the middle of the picture; degrees and [0, 1]."""
    expression = np.zeros(EXPRESSION_SIZE, np.float32)
    expression[expression_index("jawOpen")] = jaw
    return Coefficients(
        expression=expression,
        rotation=rotation_from_euler(yaw, 0.0, roll),
        translation=np.array([0.02, 0.05], np.float32),
        scale=0.7,
    )


def landmarks_of(coefficients: Coefficients) -> Tensor:
    """(70, 2) picture coordinates."""
    points = points_of(load_face_model(), coefficients)[list(NETWORK_LANDMARKS)]
    return torch.from_numpy(np.ascontiguousarray(points, np.float32))


def condition(coefficients: Coefficients) -> Tensor:
    """(61,)."""
    return torch.from_numpy(condition_of(coefficients))


def head_picture(landmarks: Tensor, colour: Tensor, size: int) -> Tensor:
    """(3, size, size) a head of ``colour`` (3,) with dark eyes and a red mouth on a grey ramp."""
    marks = landmarks[None]
    ramp = torch.linspace(0.2, 0.5, size).expand(3, size, size)
    skin = face_mask(marks, size, size)[0]
    picture = ramp + skin * (colour[:, None, None] - ramp)
    picture = picture * (1 - 0.7 * eyes_mask(marks, size, size)[0])
    red = torch.tensor([0.7, 0.1, 0.1])[:, None, None]
    return (picture + mouth_mask(marks, size, size)[0] * (red - picture)).clamp(0, 1)


def drawn_batch(
    count: int = 2, frames: int = 1, size: int = 64, seed: int = 0, *, moving: bool = False
) -> Batch:
    """``count`` heads, each from rest to another pose and mouth in ``frames`` frames.

    The guide is the source moved by the landmarks' flow. ``moving``: the source turns as well.
    """
    random = torch.Generator().manual_seed(seed)
    clips = [_clip(frames, size, random, moving) for _ in range(count)]
    return Batch(**{name: torch.stack([clip[name] for clip in clips]) for name in Batch._fields})


def _clip(frames: int, size: int, random: torch.Generator, moving: bool) -> dict[str, Tensor]:
    colour = 0.4 + 0.5 * torch.rand(3, generator=random)
    yaw, roll = (24 * torch.rand(2, generator=random) - 12).tolist()
    parts = [(t + 1) / frames for t in range(frames)]
    rests = [drawn_face(-yaw * p) for p in parts] if moving else [drawn_face()]
    driven = [drawn_face(yaw * p, roll * p, math.sin(math.pi * p / 2)) for p in parts]
    resting = torch.stack([landmarks_of(each) for each in rests])
    marks = torch.stack([landmarks_of(each) for each in driven])
    source = torch.stack([head_picture(each, colour, size) for each in resting])
    flow = landmark_flow(marks, resting.expand_as(marks), 64)
    asked = torch.stack([condition(each) for each in driven])
    return {
        "source": source,
        "source_condition": torch.stack([condition(each) for each in rests]),
        "source_landmarks": resting,
        "driving": torch.stack([head_picture(each, colour, size) for each in marks]),
        "driving_condition": asked,
        "driving_landmarks": marks,
        "truth_landmarks": marks,
        "truth_condition": asked,
        "identity": torch.zeros(IDENTITY_SIZE),
        "guide_picture": warp_picture(source.expand(frames, -1, -1, -1), flow),
        "guide_flow": flow,
        "guide_share": face_mask(marks, 64, 64)[:, 0],
    }
