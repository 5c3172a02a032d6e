"""What torch draws, frame by frame: the reference of every parity."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from export.parity.driving import Driving
from pechead_live.coefficients import FloatArray
from pechead_live.model.lite.network import Lite
from pechead_live.model.pechead import Driving as Asked
from pechead_live.model.pechead import PECHead
from pechead_live.model.reconstructor import Reconstructor
from pechead_live.model.warp import identity_grid, resize_flow, warp


@torch.inference_mode()
def lite_pictures(network: Lite, driving: Driving) -> Iterator[FloatArray]:
    """(S, S, 3) in [0, 1] for each frame, with the network's own memory."""
    fused = network.fused()
    source = fused.encode(picture_of(driving.portrait), one(driving.condition))
    state = fused.initial_state(1)
    for frame in driving.frames:
        output, state = fused.step(
            source,
            one(frame.condition),
            picture_of(frame.picture),
            one(frame.flow),
            one(frame.share),
            state,
        )
        yield array_of(output.picture)


@torch.inference_mode()
def pechead_pictures(network: PECHead, driving: Driving) -> Iterator[FloatArray]:
    """(S, S, 3) in [0, 1] for each frame, with the network's own memory."""
    network = network.eval()
    source = network.source(
        picture_of(driving.portrait), one(driving.condition), one(driving.landmarks)
    )
    state = network.initial_state(source)
    for frame in driving.frames:
        asked = Asked(one(frame.condition), one(frame.landmarks), one(frame.flow))
        output, state = network.step(source, asked, state)
        yield array_of(output.picture)


@torch.inference_mode()
def reconstructions(network: Reconstructor, crops: Iterator[FloatArray]) -> Iterator[FloatArray]:
    """All that R reads off each crop (S, S, 3) in [0, 1], in one row of numbers."""
    network = network.eval()
    for crop in crops:
        output = network(picture_of(crop))
        yield np.concatenate([value.reshape(-1).numpy() for value in output])


@torch.inference_mode()
def composed(
    guide: FloatArray, residual: FloatArray, painted: FloatArray, alpha: FloatArray
) -> FloatArray:
    """A lite network's picture (S, S, 3) out of what its engine gives, as `Lite.step` makes it."""
    side, grid = guide.shape[0], residual.shape[0]
    moved = one(residual)
    flow = resize_flow(identity_grid(grid, grid, moved) + moved, side, side)
    carried, over = array_of(warp(picture_of(guide), flow)), alpha[..., None]
    return np.asarray(painted + over * (carried - painted), np.float32)


def one(array: FloatArray) -> Tensor:
    """A batch of one."""
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))[None]


def picture_of(fractions: FloatArray) -> Tensor:
    """(S, S, 3) to (1, 3, S, S)."""
    return one(fractions).permute(0, 3, 1, 2)


def array_of(picture: Tensor) -> FloatArray:
    """(1, 3, S, S) to (S, S, 3)."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy())
