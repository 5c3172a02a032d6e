"""Frame flow: how the source moved from one frame to the next (PECHead, 3.3, two-step warp).

The paper uses RAFT between consecutive source frames. A still portrait does not move, so the
identity is exact there; for a moving source there is OpenCV's DIS, which needs no weights, and RAFT
when the user has weights.

Sampling frame t-1 on frame t's grid wants the flow whose grid is frame t's: from t to t-1.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.model.precision import without_autocast
from pechead_live.model.tensor_file import load_into, read_tensors
from pechead_live.model.warp import identity_grid

FrameFlow = Callable[[Tensor, Tensor], Tensor]
"""(frame t, frame t-1), each (B, 3, H, W) RGB in [0, 1], to a flow (B, H / 4, W / 4, 2): for each
place of frame t the place (x, y) of frame t-1 that shows the same, both in [-1, 1]."""

NAMES = ("identity", "dis", "raft")

STEP = 4
"""Pixels of a picture per node of the feature grid."""

RAFT_SMALLEST = 128
"""Pixels; below this RAFT's correlation pyramid has nothing on top."""

RAFT_ADVICE = (
    "save torchvision's raft_large state dict as a safetensors file and give its path, "
    "or choose 'dis'"
)


def frame_flow(name: str, weights: Path | None = None) -> FrameFlow:
    """The backend ``name``, one of `NAMES`; ``weights`` is RAFT's safetensors file."""
    if name == "identity":
        return identity_flow
    if name == "dis":
        return dis_flow
    if name == "raft":
        return raft_flow(weights)
    raise InputError(f"there is no frame flow '{name}': choose one of {', '.join(NAMES)}")


def identity_flow(current: Tensor, previous: Tensor) -> Tensor:
    """Nothing moved: exact for a still source."""
    del previous
    batch, _, height, width = current.shape
    return identity_grid(height // STEP, width // STEP, current).expand(batch, -1, -1, -1)


def dis_flow(current: Tensor, previous: Tensor) -> Tensor:
    """Dense inverse search (Kroeger et al. 2016), on the CPU and without gradients."""
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    nothing: Any = None  # no flow to start from
    moved = [
        dis.calc(now, before, nothing)
        for now, before in zip(_grey(current), _grey(previous), strict=True)
    ]
    pixels = torch.from_numpy(np.stack(moved)).permute(0, 3, 1, 2)
    return _on_grid(pixels.to(current.device), current)


def raft_flow(weights: Path | None) -> FrameFlow:
    """RAFT (Teed & Deng 2020), torchvision's `raft_large`, with the weights of a file."""
    if weights is None:
        raise InputError(f"frame flow 'raft' needs weights: {RAFT_ADVICE}")
    try:
        optical_flow: Any = importlib.import_module("torchvision.models.optical_flow")
    except (ImportError, OSError, RuntimeError) as error:  # RuntimeError: of another torch
        raise MissingDependencyError(
            f"frame flow 'raft' needs torchvision, which cannot be loaded ({error}): "
            "run pip install torchvision, in the release for this torch, or choose 'dis'"
        ) from error
    network: torch.nn.Module = optical_flow.raft_large(weights=None).eval()
    try:
        load_into(network, read_tensors(weights).tensors)
    except InputError as error:
        raise InputError(f"{weights} holds no weights of RAFT ({error}): {RAFT_ADVICE}") from error

    @torch.no_grad()
    def flow(current: Tensor, previous: Tensor) -> Tensor:
        height, width = current.shape[-2:]
        if min(height, width) < RAFT_SMALLEST or height % 8 or width % 8:
            raise InputError(
                f"RAFT cannot read pictures of {height}x{width}: their sides must be multiples of "
                f"8 and at least {RAFT_SMALLEST}, or choose frame flow 'dis'"
            )
        network.to(current.device)
        with without_autocast(current):
            return _on_grid(network(2 * current - 1, 2 * previous - 1)[-1], current)

    return flow


def _grey(pictures: Tensor) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """(B, 3, H, W) RGB in [0, 1] to B pictures (H, W) uint8, as DIS wants them."""
    weights = pictures.new_tensor((0.299, 0.587, 0.114))
    grey = (pictures.detach().clamp(0, 1) * 255 * weights[:, None, None]).sum(dim=1)
    return list(grey.round().to(torch.uint8).cpu().numpy())


def _on_grid(pixels: Tensor, picture: Tensor) -> Tensor:
    """Displacements (B, 2, H, W) in pixels to the absolute flow on the feature grid."""
    height, width = picture.shape[-2:]
    size = (height // STEP, width // STEP)
    coarse = functional.interpolate(pixels, size, mode="bilinear", align_corners=True)
    unit = coarse.new_tensor((2 / (width - 1), 2 / (height - 1)))
    return identity_flow(picture, picture) + coarse.permute(0, 2, 3, 1) * unit
