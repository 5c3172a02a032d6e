"""A batch of training examples: B clips of T frames, T = 1 for image pairs."""

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """float32; pictures RGB in [0, 1], coordinates normalised (x right, y down, align_corners).

    S is 1 where the source stands still for the whole clip, else T. N = 70 landmarks.
    """

    source: Tensor
    """(B, S, 3, H, W) x^s."""

    source_condition: Tensor
    """(B, S, 61) pose and expression of the source."""

    source_landmarks: Tensor
    """(B, S, N, 2) l^s, as measured."""

    driving: Tensor
    """(B, T, 3, H, W) x^d, the truth."""

    driving_condition: Tensor
    """(B, T, 61) pose and expression of the driving frames."""

    driving_landmarks: Tensor
    """(B, T, N, 2) l^d: the source's own face with the driving pose and expression."""

    truth_landmarks: Tensor
    """(B, T, N, 2) as measured on x^d."""

    truth_condition: Tensor
    """(B, T, 61) pose and expression as fitted to x^d itself."""

    identity: Tensor
    """(B, 50) the face model's identity, fitted over the clip."""

    guide_picture: Tensor
    """(B, T, 3, H, W) what the analytic renderer draws."""

    guide_flow: Tensor
    """(B, T, 64, 64, 2) the backward flow it draws with."""

    guide_share: Tensor
    """(B, T, 64, 64) in [0, 1]: the person's share there."""
