"""What goes into a PECHead and comes out of it, and what it keeps; field names are ONNX ports.

B pictures, K learned keypoints, N predefined landmarks, h x h the grid of f (64 for 256 px).
Coordinates are picture coordinates (x right, y down) in [-1, 1].
"""

from typing import NamedTuple

from torch import Tensor


class Source(NamedTuple):
    """Everything that depends on the portrait alone: computed once, then kept."""

    feature: Tensor
    """(B, C2, h, h) the raw feature f."""

    low: Tensor
    """(B, C1, h/2, h/2) the downsampled raw feature f_low; C1 = 0 in settings of one level."""

    thumbnail: Tensor
    """(B, 3, h, h) the portrait, small, as Φ and E see it; RGB in [0, 1]."""

    condition: Tensor
    """(B, 61) pose and expression of the portrait."""

    keypoints: Tensor
    """(B, K, 2) learned, k^s; K = 0 in a setting without them."""

    landmarks: Tensor
    """(B, N, 2) predefined, l^s."""


class Driving(NamedTuple):
    """The motion that one frame asks for."""

    condition: Tensor
    """(B, 61) pose and expression."""

    landmarks: Tensor
    """(B, N, 2) l^d, the portrait's own face under them; N as the network has, or more: the first
    ones are used."""

    prior_flow: Tensor
    """(B, 64, 64, 2) F0, backward; the network resizes it to its own grid."""


class State(NamedTuple):
    """What is carried to the next frame; all zeros before the first one."""

    feature: Tensor
    """(B, C2, h, h) the adapted feature f^c."""

    hidden: Tensor
    """(B, M, h, h) h of the ConvGRU."""

    landmarks: Tensor
    """(B, N, 2) l^d of the previous frame."""


class Motion(NamedTuple):
    """Both levels' motion. A setting with one estimator has it in both places."""

    global_flow: Tensor
    """(B, h, h, 2) w_g, backward, absolute."""

    local_flow: Tensor
    """(B, h, h, 2) w_l."""

    global_occlusion: Tensor
    """(B, 1, h, h) o_g in [0, 1]."""

    local_occlusion: Tensor
    """(B, 1, h, h) o_l."""


class Output(NamedTuple):
    """One frame."""

    picture: Tensor
    """(B, 3, H, W) RGB in [0, 1]."""

    motion: Motion
    """How the portrait was moved for it."""

    keypoints: Tensor
    """(B, K, 2) learned, k^d; K = 0 in a setting without them."""
