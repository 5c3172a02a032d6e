"""L_k: learned landmarks spread over the picture (PECHead section 3.4; OSFV's keypoint prior)."""

import torch
from torch import Tensor

NEAREST = 0.1
"""Squared distance under which two landmarks repel each other (OSFV's D_t)."""


def spread_loss(keypoints: Tensor, nearest: float = NEAREST) -> Tensor:
    """() mean over B of Σ_{i≠j} max(0, nearest − ‖k_i − k_j‖²).

    ``keypoints``: (B, K, 2) in [-1, 1]. Both orders of a pair count. OSFV's further term on the
    mean depth has no meaning in two dimensions.
    """
    squared = (keypoints[:, :, None] - keypoints[:, None]).square().sum(-1)
    repelled = (nearest - squared).clamp(min=0)
    others = 1 - torch.eye(keypoints.shape[1], device=keypoints.device, dtype=keypoints.dtype)
    return (repelled * others).sum(dim=(1, 2)).mean()


def landmark_loss(landmarks: Tensor, truth: Tensor, weight: Tensor | None = None) -> Tensor:
    """() weighted mean of |l − l*| over points and axes.

    ``landmarks``, ``truth``: (B, N, 2) in [-1, 1]; ``weight``: (N,), 1 everywhere if None.
    """
    difference = (landmarks - truth).abs().mean(-1)
    if weight is None:
        return difference.mean()
    return (difference * weight).mean() / weight.mean()
