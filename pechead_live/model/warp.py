"""Grids, flows and warps. A flow is a backward map: where in the source to look, for each place.

Flows (B, H, W, 2) hold absolute coordinates (x right, y down) in [-1, 1]; -1 and 1 are the centres
of the outermost pixels (align_corners). All of it runs in float32 under autocast.
"""

import torch
from torch import Tensor
from torch.nn import functional

from pechead_live.model.precision import at_least_float32, without_autocast

BLUR, TAPS, STRIDE = 1.5, 12, 4
"""Of `downsample`: standard deviation (FOMM), taps, pixels from sample to sample. An even number
of taps puts each sample in the middle of its 4x4 pixels, where the pooled features lie too."""


def identity_grid(height: int, width: int, like: Tensor) -> Tensor:
    """(H, W, 2), the flow that moves nothing, on the device of ``like``; at least float32."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    x = torch.linspace(-1, 1, width, dtype=dtype, device=like.device)
    y = torch.linspace(-1, 1, height, dtype=dtype, device=like.device)
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)


def warp(feature: Tensor, flow: Tensor) -> Tensor:
    """W(f, w): (B, C, H, W) looked up by a flow (B, h, w, 2) becomes (B, C, h, w).

    Beyond its edge a feature goes on as it ends there. The result has ``feature``'s type.
    """
    with without_autocast(feature):
        if flow.requires_grad:
            # torch's gradient at a place that is not a number ends the process: such a place is
            # looked up elsewhere, and the result is made to be no number, which a step survives
            still = at_least_float32(flow.detach())
            astray = (still - still).sum()
            return (_looked_up(feature, flow.nan_to_num()) + astray).to(feature.dtype)
        return _looked_up(feature, flow).to(feature.dtype)


def _looked_up(feature: Tensor, flow: Tensor) -> Tensor:
    return functional.grid_sample(
        at_least_float32(feature),
        at_least_float32(flow),
        mode="bilinear",
        padding_mode="border",
        align_corners=True,
    )


def resize_flow(flow: Tensor, height: int, width: int) -> Tensor:
    """(B, h, w, 2) to (B, height, width, 2), bilinear.

    Displacements are resized, so the identity stays exactly the identity.
    """
    if flow.shape[1:3] == (height, width):
        return flow
    with without_autocast(flow):
        still = identity_grid(flow.shape[1], flow.shape[2], flow)
        moved = (at_least_float32(flow) - still).permute(0, 3, 1, 2)
        resized = functional.interpolate(
            moved, (height, width), mode="bilinear", align_corners=True
        )
        return identity_grid(height, width, flow) + resized.permute(0, 2, 3, 1)


def resize_share(share: Tensor, side: int) -> Tensor:
    """(B, h, w) in [0, 1] to (B, side, side), bilinear."""
    if share.shape[1:] == (side, side):
        return share
    resized = functional.interpolate(
        share[:, None], (side, side), mode="bilinear", align_corners=True
    )
    return resized[:, 0]


def displacement_px(flow: Tensor) -> Tensor:
    """(B, H, W, 2) flow to (B, 2, H, W), how far each place moves, (x, y) in pixels of H x W."""
    height, width = flow.shape[1:3]
    with without_autocast(flow):
        moved = at_least_float32(flow) - identity_grid(height, width, flow)
        x, y = moved.unbind(dim=-1)
        return torch.stack([x * ((width - 1) / 2), y * ((height - 1) / 2)], dim=1)


def downsample(picture: Tensor) -> Tensor:
    """(B, C, H, W) to (B, C, H/4, W/4) without aliasing: a Gaussian, then every fourth."""
    with without_autocast(picture):
        picture = at_least_float32(picture)
        places = torch.arange(TAPS, dtype=picture.dtype, device=picture.device) - (TAPS - 1) / 2
        tap = torch.exp(-0.5 * (places / BLUR) ** 2)
        tap = tap / tap.sum()
        edge = (TAPS - STRIDE) // 2
        channels = picture.shape[1]
        padded = functional.pad(picture, (edge, edge, edge, edge), mode="replicate")
        down = tap[None, None, :, None].expand(channels, 1, TAPS, 1)
        across = tap[None, None, None, :].expand(channels, 1, 1, TAPS)
        padded = functional.conv2d(padded, down, stride=(STRIDE, 1), groups=channels)
        return functional.conv2d(padded, across, stride=(1, STRIDE), groups=channels)
