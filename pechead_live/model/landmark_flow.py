"""A flow between two driving frames, for nothing: from the landmarks that both were drawn with."""

import torch
from torch import Tensor

from pechead_live.model.heatmaps import profiles
from pechead_live.model.precision import at_least_float32, without_autocast
from pechead_live.model.warp import identity_grid

VARIANCE = 0.02
"""Of a landmark's Gaussian, picture coordinates squared: wide enough to take the hair along."""

STILL = 0.25
"""Weight of no motion; it takes over away from the face."""


def landmark_flow(landmarks: Tensor, previous: Tensor, size: int) -> Tensor:
    """(B, size, size, 2): for each place of this frame where it was on the previous one.

    Both (B, N, 2), the same face in picture coordinates. The landmarks' displacements are averaged
    by Gaussian weights (Nadaraya-Watson); equal landmarks give exactly the identity.
    """
    with without_autocast(landmarks):
        landmarks, previous = at_least_float32(landmarks), at_least_float32(previous)
        variance = landmarks.new_full(landmarks.shape[1:2], VARIANCE)
        y, x = profiles(landmarks, variance, size)
        y = y.transpose(1, 2)
        moves = previous - landmarks
        weight = (y @ x + STILL)[..., None]
        # sum over n of y(n) x(n) move(n), as one matrix product per axis
        along = [y @ (x * moves[..., axis, None]) for axis in range(2)]
        grid = identity_grid(size, size, landmarks)
        return grid + torch.stack(along, dim=-1) / weight
