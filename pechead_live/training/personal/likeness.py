"""How far a sitting looks like the portrait: its colours, and what of it may be learned.

Where the clip shows the portrait's own pose and expression, the guide picture is the portrait
itself, and what differs there is light, camera, clothes and place.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from pechead_live.training.losses.regions import eyes_mask, face_mask, mouth_mask
from pechead_live.training.personal.windows import Windows

NEAR = 6
"""Frames that are compared, those nearest to the portrait."""

LARGEST_GAIN = 2.0
"""Of a colour, either way."""

SAME_SITTING = 0.09
"""Largest mean difference beside the face, [0, 1], at which the rest of the picture is learned
too. Measured: .03, .07 and .08 for clips that the photo is a frame of, .11 for another recording of
the person in the same place, .24 for one of another day."""


class Likeness(NamedTuple):
    """What one look at the nearest frames gave."""

    gain: Tensor
    """(3,) that the clip's colours in [0, 1] are multiplied by."""

    offset: Tensor
    """(3,) that is added then."""

    beside: float
    """Mean difference beside the face after that, [0, 1]."""

    @property
    def face_only(self) -> bool:
        """Whether the rest of the person, or the place, is another."""
        return self.beside > SAME_SITTING


def likeness_of(windows: Windows, landmarks: Tensor, seen: Tensor) -> Likeness:
    """Compares truth and guide; ``landmarks`` (70, 2) are the portrait's, ``seen`` (1, 1, H, H) in
    [0, 1] is what the clip shows. Colours are those of the skin: eyes and mouth open and close."""
    near = _nearest(windows, landmarks)
    truth, guide = (t.flatten(0, 1)[near].float() / 255 for t in (windows.truth, windows.guide))
    landmarks, size = windows.landmarks.flatten(0, 1)[near], truth.shape[-2:]
    face = face_mask(landmarks, *size)
    moving = torch.maximum(eyes_mask(landmarks, *size), mouth_mask(landmarks, *size))
    gain, offset = _match(truth, guide, face * (1 - moving) * seen)
    outside = (1 - face) * seen
    matched = recoloured(truth, gain, offset)
    difference = (matched - guide).abs().mean(dim=1, keepdim=True)
    beside = (difference * outside).sum() / outside.sum().clamp(min=1)
    return Likeness(gain, offset, float(beside))


def recoloured(pictures: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
    """(..., 3, H, W) in [0, 1], cut to it again."""
    return (pictures * gain[:, None, None] + offset[:, None, None]).clamp(0, 1)


def in_portrait_colours(windows: Windows, likeness: Likeness) -> Windows:
    """The truth as the portrait's camera would have seen it."""
    levels = recoloured(windows.truth.float() / 255, likeness.gain, likeness.offset) * 255
    return windows._replace(truth=levels.round().to(torch.uint8))


def _nearest(windows: Windows, landmarks: Tensor) -> Tensor:
    """Places among the frames of all windows."""
    away = (windows.guide_landmarks.flatten(0, 1) - landmarks).norm(dim=-1).mean(dim=-1)
    return away.argsort()[:NEAR]


def _match(truth: Tensor, guide: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Gain and offset (3,) that give the truth the guide's mean and deviation under ``mask``."""
    weight = mask.sum().clamp(min=1)
    means = [(p * mask).sum(dim=(0, 2, 3)) / weight for p in (truth, guide)]
    spreads = [
        (((p - m[:, None, None]).square() * mask).sum(dim=(0, 2, 3)) / weight).sqrt()
        for p, m in zip((truth, guide), means, strict=True)
    ]
    gain = (spreads[1] / spreads[0].clamp(min=1e-3)).clamp(1 / LARGEST_GAIN, LARGEST_GAIN)
    return gain, means[1] - gain * means[0]
