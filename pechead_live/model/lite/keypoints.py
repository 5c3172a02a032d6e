"""Ten keypoints of the lite network: points fixed in the head, placed by pose and expression.

PECHead's estimator (eq. 2) makes keypoints from the picture, pose and expression. With so little
compute it is better to know than to guess: canonical 3-D points, an offset that is linear in the
expression, and the projection by the known pose (the structure of face-vid2vid, Wang et al. 2021).
"""

import numpy as np
import torch
from torch import Tensor, nn

from pechead_live.coefficients import EXPRESSION_SIZE, FloatArray
from pechead_live.facemodel.condition import POSE_SIZE
from pechead_live.facemodel.model import load_face_model
from pechead_live.facemodel.topology import (
    CHIN,
    FOREHEAD,
    LEFT_OUTER_EYE,
    NOSE_TIP,
    RIGHT_OUTER_EYE,
)
from pechead_live.model.heatmaps import heatmaps
from pechead_live.model.precision import at_least_float32, without_autocast

KEYPOINTS = 10
"""K, as in PECHead."""

VARIANCE = 0.01
"""sigma^2 of a heat map, picture coordinates squared (FOMM)."""

_JAW_ANGLES = (172, 397)
"""Of the mesh, right and left."""


class HeadKeypoints(nn.Module):
    """Condition to ten points in the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.points = nn.Parameter(torch.from_numpy(spread_points()))
        """(10, 3) model space."""
        self.offset = nn.Linear(EXPRESSION_SIZE, KEYPOINTS * 3, bias=False)
        nn.init.zeros_(self.offset.weight)

    def forward(self, condition: Tensor) -> Tensor:
        """(B, 61) condition, not normalised, to (B, 10, 2) picture coordinates, float32."""
        with without_autocast(condition):
            c = at_least_float32(condition)
            offset = self.offset(c[:, POSE_SIZE:]).unflatten(1, (KEYPOINTS, 3))
            return placed(self.points + offset, c)


def spread_points() -> FloatArray:
    """(10, 3) rigid points of the mean face and head, far from each other; model space."""
    model = load_face_model()
    face = model.mean[[NOSE_TIP, CHIN, RIGHT_OUTER_EYE, LEFT_OUTER_EYE, FOREHEAD, *_JAW_ANGLES]]
    crown, right, left = (
        model.head[i] for i in (model.head[:, 1].argmin(), *_sides(model.head[:, 0]))
    )
    return np.concatenate([face, [crown, right, left]]).astype(np.float32)


def _sides(x: FloatArray) -> tuple[int, int]:
    return int(x.argmin()), int(x.argmax())


def placed(points: Tensor, condition: Tensor) -> Tensor:
    """(B, K, 3) in model space to (B, K, 2) in the picture with the pose in ``condition``.

    Scaled orthographic: ``scale * (R P)[:2] + translation``; the condition holds the first two
    columns of R, and the third is their cross product.
    """
    first, second = condition[:, 0:3], condition[:, 3:6]
    columns = torch.stack([first, second, torch.linalg.cross(first, second)], dim=1)
    scale = condition[:, 8, None, None].exp()
    return scale * (points @ columns)[..., :2] + condition[:, None, 6:8]


def keypoint_heatmaps(keypoints: Tensor, side: int) -> Tensor:
    """(B, K, 2) to (B, K, side, side): exp(-|z - k|^2 / 2 sigma^2), float32."""
    return heatmaps(keypoints, keypoints.new_full((KEYPOINTS,), VARIANCE), side)
