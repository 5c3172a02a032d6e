"""How near the drawn pictures are to frames that nothing was learned from."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from pechead_live.frame import Pixels
from pechead_live.model.lite.network import Lite, LiteSource
from pechead_live.model.lite.personal import Changes
from pechead_live.training.losses.perceptual import perceptual_loss
from pechead_live.training.losses.pixel import masked_l1, pixel_loss
from pechead_live.training.losses.regions import eyes_mask, mouth_mask
from pechead_live.training.losses.trunk import Trunk
from pechead_live.training.personal.drawing import counted, draw_windows
from pechead_live.training.personal.windows import Portrait, Windows, batch_of

Difference = Callable[[Pixels, Pixels], float]
"""How different two pictures (H, W, 3) look."""

TRUNK_LAYERS = ("relu1_1", "relu2_1", "relu3_1")
"""Of the training's own perceptual distance, at full size, where there is no `Difference`."""

AT_ONCE = 8
"""Windows that are drawn together."""


class HeldOut(NamedTuple):
    """What is looked at."""

    windows: Windows
    """The last frame of each is compared, the first gives it a memory."""

    portrait: Portrait
    """Of the avatar."""

    seen: Tensor
    """(1, 1, H, H) in [0, 1]: what the clip shows."""

    face_only: bool
    """Whether only the face counts."""

    difference: Difference | None
    """ePD; None where its network is missing."""


def perceptual_name(held_out: HeldOut) -> str:
    """Of the figure that decides: ePD, or the training's own distance under its own name."""
    return "ePD" if held_out.difference is not None else "L_v"


@torch.inference_mode()
def figures_of(
    network: Lite, source: LiteSource, changes: Changes, held_out: HeldOut, trunk: Trunk
) -> dict[str, float]:
    """Means over the held-out frames, smaller is nearer: L1, L1 mouth, L1 eyes in [0, 1], and
    `perceptual_name`'s."""
    sums: dict[str, float] = {}
    count = len(held_out.windows.truth)
    for first in range(0, count, AT_ONCE):
        chosen = range(first, min(first + AT_ONCE, count))
        batch = batch_of(held_out.windows, chosen, held_out.portrait)
        outputs, _ = draw_windows(network, source, changes, batch)
        last = {name: value[:, -1:] for name, value in batch._asdict().items()}
        drawn = outputs[-1].picture.float().clamp(0, 1)[:, None]
        batch = counted(drawn, type(batch)(**last), held_out.seen, face_only=held_out.face_only)
        found = _figures(drawn[:, 0], batch.driving[:, 0], batch.truth_landmarks[:, 0])
        name = perceptual_name(held_out)
        found[name] = _perceptual(drawn[:, 0], batch.driving[:, 0], held_out.difference, trunk)
        for name, value in found.items():
            sums[name] = sums.get(name, 0.0) + value * len(chosen) / count
    return sums


def _figures(drawn: Tensor, truth: Tensor, landmarks: Tensor) -> dict[str, float]:
    size = truth.shape[-2:]
    return {
        "L1": float(pixel_loss(drawn, truth)),
        "L1 mouth": float(masked_l1(drawn, truth, mouth_mask(landmarks, *size))),
        "L1 eyes": float(masked_l1(drawn, truth, eyes_mask(landmarks, *size))),
    }


def _perceptual(drawn: Tensor, truth: Tensor, difference: Difference | None, trunk: Trunk) -> float:
    if difference is None:
        return float(perceptual_loss(trunk, drawn, truth, scales=(1.0,), layers=TRUNK_LAYERS))
    pairs = [(_pixels(one), _pixels(other)) for one, other in zip(drawn, truth, strict=True)]
    return sum(difference(one, other) for one, other in pairs) / len(pairs)


def _pixels(picture: Tensor) -> Pixels:
    """(3, H, W) in [0, 1] to (H, W, 3) uint8."""
    return (picture * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
