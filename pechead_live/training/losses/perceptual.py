"""L_v: feature maps of a trained trunk as close as possible (PECHead section 3.4, [28]).

L_v = Σ_scales Σ_layers λ_layer · mean|φ(x̂) − φ(x^d)| / mean|φ(x^d)|, the means of one example,
and L_v the mean over the examples.

Layers and the pyramid of scales are FOMM's. The division, ours, makes trunks whose activations
differ in size comparable; relu5_1 counts half, because a trunk that was tuned for another task
keeps least of ImageNet there.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

LAYER_WEIGHTS = {"relu5_1": 0.5}
"""Of layers that do not count 1."""

Maps = dict[str, Tensor]
"""Layer name to (B, C, h, w)."""


def perceptual_loss(
    trunk: Callable[[Tensor, tuple[str, ...]], Maps],
    drawn: Tensor,
    truth: Tensor,
    *,
    scales: Sequence[float],
    layers: tuple[str, ...],
) -> Tensor:
    """() as above. ``drawn``, ``truth``: (B, 3, H, W) in [0, 1]; only ``drawn`` gets gradients.

    ``scales``: 1, 1/2, 1/4, 1/8 and so on. ``trunk``: pictures and layer names to maps.
    """
    total = drawn.new_zeros(())
    for scale in scales:
        maps = trunk(shrink(drawn, scale), layers)
        with torch.no_grad():
            truth_maps = trunk(shrink(truth, scale), layers)
        for name, wanted in truth_maps.items():
            wanted = wanted.float()
            size = wanted.abs().mean(dim=(1, 2, 3)).clamp(min=1e-6)
            difference = (maps[name].float() - wanted).abs().mean(dim=(1, 2, 3)) / size
            total = total + LAYER_WEIGHTS.get(name, 1.0) * difference.mean()
    return total


def shrink(pictures: Tensor, scale: float) -> Tensor:
    """(B, C, H, W) to (B, C, H · scale, W · scale): means over blocks, ``scale`` = 1 / integer."""
    factor = round(1 / scale)
    return pictures if factor == 1 else functional.avg_pool2d(pictures, factor)
