"""R, the Reconstructor: one face crop to identity, expression and pose.

PECHead takes it from Deep3DFaceReconstruction (ResNet-50, a 224 px crop); the small default here
has an EfficientNet-Lite0 in its place. With `face_shape` it gives the landmarks of eq. 1.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE
from pechead_live.errors import InputError
from pechead_live.facemodel.condition import CONDITION_MEAN, POSE_SIZE
from pechead_live.model.efficientnet_lite import EfficientNetLite0, TinyTrunk
from pechead_live.model.resnet import ResNet50

BACKBONES = ("resnet50", "efficientnet-lite0", "tiny")

SMALLEST = 32
"""Pixels a side; the trunks leave a 32nd of it."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""RGB in [0, 1], as every published trunk was trained with."""

RESTING = 0.15
"""Every expression before training: the mean of the condition."""


@dataclass(frozen=True, kw_only=True)
class ReconstructorDimensions:
    """Which trunk R has and how large its crop is."""

    preset: str
    """Name of the preset that these numbers come from."""

    backbone: str = "efficientnet-lite0"
    """One of `BACKBONES`."""

    size: int = 224
    """Height and width of the crop, pixels."""

    identity: int = IDENTITY_SIZE
    """Length of alpha."""

    expression: int = EXPRESSION_SIZE
    """Length of the expression vector."""

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise InputError(f"there is no backbone {self.backbone!r}: use one of {BACKBONES}")
        if self.size < SMALLEST:
            raise InputError(f"size is {self.size}: crops have at least {SMALLEST} pixels a side")
        if min(self.identity, self.expression) < 1:
            raise InputError("the lengths of identity and expression must be 1 or more")


PRESETS: dict[str, ReconstructorDimensions] = {
    "resnet50": ReconstructorDimensions(preset="resnet50", backbone="resnet50"),
    "lite0": ReconstructorDimensions(preset="lite0"),
    "lite0-128": ReconstructorDimensions(preset="lite0-128", size=128),
    "toy": ReconstructorDimensions(preset="toy", backbone="tiny", size=64),
}
"""`resnet50` is the paper's, `lite0` the default, `lite0-128` a third of its work."""


class ReconstructorOutput(NamedTuple):
    """What R reads off a crop; coordinates are those of the crop."""

    identity: Tensor
    """(B, 50) alpha."""

    expression: Tensor
    """(B, 52) in [0, 1]."""

    rotation: Tensor
    """(B, 3, 3) from model space to the camera; a proper rotation."""

    translation: Tensor
    """(B, 2) (x, y) of the model's origin in the crop, [-1, 1] from edge to edge."""

    scale: Tensor
    """(B,) > 0, crop units per model unit."""

    confidence: Tensor
    """(B,) in [0, 1]."""


class Reconstructor(nn.Module):
    """R. Untrained it says of every crop: the mean person, nearly at rest, looking ahead."""

    mean: Tensor
    std: Tensor

    def __init__(self, dimensions: ReconstructorDimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.trunk = _trunk(dimensions.backbone)
        self.lengths = {
            "identity": dimensions.identity,
            "expression": dimensions.expression,
            "pose": POSE_SIZE,
            "confidence": 1,
        }
        self.heads = nn.Linear(self.trunk.channels, sum(self.lengths.values()))
        resting = math.log(RESTING / (1 - RESTING))
        nn.init.zeros_(self.heads.weight)
        first = [
            torch.zeros(dimensions.identity),
            torch.full((dimensions.expression,), resting),
            torch.tensor(CONDITION_MEAN[:POSE_SIZE]),
            torch.zeros(1),
        ]
        self.heads.bias = nn.Parameter(torch.cat(first))
        shape = (1, 3, 1, 1)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).reshape(shape), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).reshape(shape), persistent=False)

    def forward(self, crop: Tensor) -> ReconstructorOutput:
        """(B, 3, size, size) RGB in [0, 1] to coefficients."""
        features = self.trunk((crop - self.mean) / self.std).mean(dim=(2, 3))
        identity, expression, pose, confidence = self.heads(features).split(
            list(self.lengths.values()), dim=1
        )
        return ReconstructorOutput(
            identity=identity,
            expression=torch.sigmoid(expression),
            rotation=rotation_from_columns(pose[:, :6]),
            translation=pose[:, 6:8],
            scale=torch.exp(pose[:, 8]),
            confidence=torch.sigmoid(confidence[:, 0]),
        )


def rotation_from_columns(columns: Tensor) -> Tensor:
    """(B, 6), a matrix's first column and then its second, any length, to rotations (B, 3, 3).

    Gram-Schmidt and a right-handed third column (Zhou et al. 2019): continuous, so it can be
    learned.
    """
    first = functional.normalize(columns[:, :3], dim=1)
    second = columns[:, 3:]
    second = functional.normalize(second - (first * second).sum(dim=1, keepdim=True) * first, dim=1)
    return torch.stack([first, second, torch.linalg.cross(first, second, dim=1)], dim=2)


def _trunk(backbone: str) -> ResNet50 | EfficientNetLite0 | TinyTrunk:
    if backbone == "resnet50":
        return ResNet50()
    return EfficientNetLite0() if backbone == "efficientnet-lite0" else TinyTrunk()
