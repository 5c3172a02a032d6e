"""L_e: landmarks of E move with the picture (PECHead section 3.4; FOMM's equivariance).

FOMM compares the keypoints of a picture x with those of T(x), a warped copy, moved back by T. E is
told the pose as well, so its pose must be that of the copy. The affine part of T is therefore drawn
as a similarity, the only one that a pose (roll, place, scale) can express exactly, and is applied
to the condition; the rest of T, a thin-plate spline, bends the picture only.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

Estimator = Callable[[Tensor, Tensor], Tensor]
"""(picture (B, 3, H, W), condition (B, 61)) to keypoints (B, K, 2) in [-1, 1]."""

SIGMA_SIMILARITY, SIGMA_SPLINE, SPLINE_SIDE = 0.05, 0.005, 5
"""FOMM's: deviation of the affine part (here roll in radians, log scale, place), of the spline's
weights, and its control points per side."""

_COLUMN_0, _COLUMN_1, _PLACE, _LOG_SCALE = slice(0, 3), slice(3, 6), slice(6, 8), 8


class Transform(NamedTuple):
    """T(z) = scale · Q(roll) z + shift + Σ_i weights_i ‖z − c_i‖² log‖z − c_i‖.

    A backward map: T(x) shows at z what x shows at T(z). Zero roll, log scale, shift and weights
    are the identity.
    """

    roll: Tensor
    """(B,) radians, clockwise as seen."""

    log_scale: Tensor
    """(B,)."""

    shift: Tensor
    """(B, 2)."""

    weights: Tensor
    """(B, SPLINE_SIDE²) of the spline, the same for both axes as in FOMM."""


def draw_transform(count: int, like: Tensor) -> Transform:
    """``count`` random transforms on ``like``'s device."""

    def normal(*shape: int, sigma: float) -> Tensor:
        return sigma * torch.randn(count, *shape, device=like.device)

    return Transform(
        roll=normal(sigma=SIGMA_SIMILARITY),
        log_scale=normal(sigma=SIGMA_SIMILARITY),
        shift=normal(2, sigma=SIGMA_SIMILARITY),
        weights=normal(SPLINE_SIDE**2, sigma=SIGMA_SPLINE),
    )


def transform_points(transform: Transform, points: Tensor) -> Tensor:
    """(B, N, 2) T(z) of ``points`` z (B, N, 2) in [-1, 1]."""
    turned = points @ _turn(transform.roll).transpose(1, 2)
    moved = transform.log_scale.exp()[:, None, None] * turned + transform.shift[:, None]
    squared = (points[:, :, None] - _centres(points)).square().sum(-1)
    bend = 0.5 * squared * (squared + 1e-12).log()
    return moved + (bend * transform.weights[:, None]).sum(-1, keepdim=True)


def transform_jacobian(transform: Transform, points: Tensor) -> Tensor:
    """(B, N, 2, 2) ∂T/∂z at ``points`` z (B, N, 2)."""
    away = points[:, :, None] - _centres(points)
    steep = (away.square().sum(-1) + 1e-12).log() + 1
    bend = (steep[..., None] * away * transform.weights[:, None, :, None]).sum(2)
    turned = transform.log_scale.exp()[:, None, None] * _turn(transform.roll)
    return turned[:, None] + bend[:, :, None]


def transform_picture(
    transform: Transform,
    picture: Tensor,
    size: tuple[int, int] | None = None,
    beyond: Literal["reflection", "border"] = "reflection",
) -> Tensor:
    """(B, 3, height, width) T(x): at z what ``picture`` shows at T(z).

    ``size``: height and width of the result, those of ``picture`` (B, 3, H, W) if None.
    ``beyond`` its border the picture is mirrored, or goes on as it ends there.
    """
    count = picture.shape[0]
    height, width = picture.shape[-2:] if size is None else size
    y = torch.linspace(-1, 1, height, device=picture.device)
    x = torch.linspace(-1, 1, width, device=picture.device)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    lattice = torch.stack([columns, rows], -1).reshape(1, -1, 2).expand(count, -1, -1)
    grid = transform_points(transform, lattice).view(count, height, width, 2)
    return functional.grid_sample(
        picture, grid.to(picture.dtype), padding_mode=beyond, align_corners=True
    )


def transform_condition(transform: Transform, condition: Tensor) -> Tensor:
    """(B, 61) the condition of T(x), given that of x: pose moved by the inverse similarity."""
    back = _turn(-transform.roll)
    scale = (-transform.log_scale).exp()[:, None]

    def turn(vector: Tensor) -> Tensor:
        return (back @ vector[..., None])[..., 0]

    moved = condition.clone()
    for column in (_COLUMN_0, _COLUMN_1):
        moved[:, column.start : column.start + 2] = turn(
            condition[:, column.start : column.start + 2]
        )
    moved[:, _PLACE] = scale * turn(condition[:, _PLACE] - transform.shift)
    moved[:, _LOG_SCALE] = condition[:, _LOG_SCALE] - transform.log_scale
    return moved


def equivariance_loss(
    estimator: Estimator,
    picture: Tensor,
    condition: Tensor,
    keypoints: Tensor,
    transform: Transform,
) -> Tensor:
    """() mean |k − T(E(T(x), c^T))|; ``keypoints`` k = E(x, c) is (B, K, 2).

    ``picture`` (B, 3, H, W) x, ``condition`` (B, 61) its own pose and expression c.
    """
    copy = estimator(
        transform_picture(transform, picture), transform_condition(transform, condition)
    )
    return (keypoints - transform_points(transform, copy)).abs().mean()


def consistency_loss(from_source: Tensor, from_truth: Tensor) -> Tensor:
    """() mean |E(x^s, c^d) − E(x^d, c^d)|, both (B, K, 2).

    Ours: one person at one pose has one set of keypoints, whichever photo they are read from. It
    is what makes E obey the pose instead of copying the layout of the photo.
    """
    return (from_source - from_truth).abs().mean()


def _centres(points: Tensor) -> Tensor:
    """(SPLINE_SIDE², 2) control points of the spline."""
    line = torch.linspace(-1, 1, SPLINE_SIDE, device=points.device)
    return torch.cartesian_prod(line, line)


def _turn(angle: Tensor) -> Tensor:
    """(B, 2, 2) rotation by ``angle`` (B,) radians, clockwise as seen (y down)."""
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
