"""L_w: flows that move the source onto the truth (PECHead section 3.4, "Warping Loss"), and the
end-point error of a flow whose truth is known.

A flow is (B, h, w, 2), the absolute backward map in [-1, 1], `align_corners=True`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from pechead_live.model.warp import resize_flow, warp

SIDES = (128, 64)
"""Pixels of the pictures that are compared: a flow of 64 x 64 knows no more."""


def warp_picture(picture: Tensor, flow: Tensor) -> Tensor:
    """(B, C, H, W) what ``flow`` draws of ``picture``; a flow of another size is interpolated."""
    return warp(picture, resize_flow(flow, picture.shape[-2], picture.shape[-1]))


def resize_picture(picture: Tensor, side: int) -> Tensor:
    """(B, C, side, side); means over blocks where ``side`` divides, else bilinear."""
    height = picture.shape[-2]
    if height == side:
        return picture
    if height % side == 0:
        return functional.avg_pool2d(picture, height // side)
    return functional.interpolate(picture, (side, side), mode="bilinear", antialias=height > side)


def warping_loss(
    source: Tensor, truth: Tensor, flow: Tensor, sides: Sequence[int] = SIDES
) -> Tensor:
    """() mean over ``sides`` of mean|W(x^s, w) − x^d| at that size.

    ``source``, ``truth``: (B, 3, H, W) in [0, 1]. Sizes above the picture's are left out.
    """
    used = [side for side in sides if side <= source.shape[-2]] or [source.shape[-2]]
    losses: list[Tensor] = []
    for side in used:
        moved = warp_picture(resize_picture(source, side), flow)
        losses.append((moved - resize_picture(truth, side)).abs().mean())
    return torch.stack(losses).mean()


def endpoint_error(flow: Tensor, truth: Tensor, share: Tensor | None = None) -> Tensor:
    """() mean distance ‖w − w*‖ in [-1, 1] units; flows (B, h, w, 2).

    ``share`` (B, h, w) in [0, 1] weighs the places of each example; each example counts the same.
    A small floor under the square root keeps the gradient finite where the flows are equal, at
    which the error is 0.
    """
    floor = 1e-4
    distance = ((flow - truth).square().sum(-1) + floor**2).sqrt() - floor
    if share is None:
        return distance.mean()
    weighed = share.sum(dim=(1, 2)).clamp(min=1.0)
    return ((distance * share).sum(dim=(1, 2)) / weighed).mean()
