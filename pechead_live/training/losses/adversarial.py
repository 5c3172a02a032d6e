"""L_G and L_D: the hinge loss over patches at two scales (PECHead section 3.4, [35], [27]), with
what small data needs: gradient penalty, feature matching, augmentation of all that D sees.

``scores``: one (B, 1, h, w) per scale, D's opinion of each patch, high for real.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

CUTOUT = 0.25
"""Side of the square that is cut out, of the picture's (a quarter: half hides a whole face)."""

SHIFT = 0.125
"""Largest shift, of the picture's side (DiffAugment, Zhao et al. 2020)."""


def hinge_discriminator(real: Sequence[Tensor], drawn: Sequence[Tensor]) -> Tensor:
    """() L_D = mean max(0, 1 − D(x)) + mean max(0, 1 + D(x̂)), summed over scales."""
    return torch.stack(
        [
            functional.relu(1 - r.float()).mean() + functional.relu(1 + d.float()).mean()
            for r, d in zip(real, drawn, strict=True)
        ]
    ).sum()


def hinge_generator(drawn: Sequence[Tensor]) -> Tensor:
    """() L_G = −mean D(x̂), summed over scales."""
    return torch.stack([-scores.float().mean() for scores in drawn]).sum()


def feature_matching(real: Sequence[Sequence[Tensor]], drawn: Sequence[Sequence[Tensor]]) -> Tensor:
    """() mean |D_i(x) − D_i(x̂)| over layers i, summed over scales (pix2pixHD; FOMM).

    One list of maps per scale; the real ones are the target and get no gradient.
    """
    scales: list[Tensor] = []
    for real_maps, drawn_maps in zip(real, drawn, strict=True):
        layers = [
            (d.float() - r.detach().float()).abs().mean()
            for r, d in zip(real_maps, drawn_maps, strict=True)
        ]
        scales.append(torch.stack(layers).mean())
    return torch.stack(scales).sum()


def gradient_penalty(score: Callable[[Tensor], Sequence[Tensor]], real: Tensor) -> Tensor:
    """() R1 = ½ E‖∇_x Σ_patches D(x)‖² on real pictures (B, 3, H, W) (Mescheder et al. 2018).

    The patches' mean stands for a picture's score, so the penalty does not grow with its size.
    """
    pictures = real.detach().requires_grad_(True)
    total = torch.stack([scores.float().mean(dim=(1, 2, 3)) for scores in score(pictures)]).sum()
    (gradient,) = torch.autograd.grad(total, pictures, create_graph=True)
    return 0.5 * gradient.square().sum(dim=(1, 2, 3)).mean()


class Augmentation(NamedTuple):
    """What is done to each picture before D sees it: colour, translation, cutout (DiffAugment)."""

    brightness: Tensor
    """(B,) added, in [-0.5, 0.5] times 0.4."""

    saturation: Tensor
    """(B,) factor in [0.4, 1.6] about the pixel's mean."""

    contrast: Tensor
    """(B,) factor in [0.7, 1.3] about the picture's mean."""

    shift: Tensor
    """(B, 2) in [-1, 1] picture coordinates; what comes in is black."""

    hole: Tensor
    """(B, 2) centre of the square that is cut out."""


def draw_augmentation(count: int, like: Tensor) -> Augmentation:
    """Random numbers for ``count`` pictures on ``like``'s device."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, device=like.device)

    return Augmentation(
        brightness=uniform(-0.2, 0.2),
        saturation=uniform(0.4, 1.6),
        contrast=uniform(0.7, 1.3),
        shift=uniform(-2 * SHIFT, 2 * SHIFT, 2),
        hole=uniform(-1, 1, 2),
    )


def augment(pictures: Tensor, augmentation: Augmentation) -> Tensor:
    """(B, 3, H, W) ``pictures`` as D sees them; differentiable, the same for equal numbers."""

    def each(values: Tensor) -> Tensor:
        return values.view(-1, 1, 1, 1)

    x = pictures.float() + each(augmentation.brightness)
    grey = x.mean(dim=1, keepdim=True)
    x = grey + each(augmentation.saturation) * (x - grey)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    x = mean + each(augmentation.contrast) * (x - mean)
    height, width = x.shape[-2:]
    rows = torch.linspace(-1, 1, height, device=x.device)
    columns = torch.linspace(-1, 1, width, device=x.device)
    y, x_place = torch.meshgrid(rows, columns, indexing="ij")
    lattice = torch.stack([x_place, y], -1)[None]
    x = functional.grid_sample(x, lattice + augmentation.shift[:, None, None], align_corners=True)
    away = (lattice - augmentation.hole[:, None, None]).abs().amax(-1)
    return x * (away > CUTOUT).unsqueeze(1)


def still_background(drawn: Tensor, share: Tensor) -> Tensor:
    """``drawn`` (B, 3, H, W) unchanged, but its gradient is multiplied by the person's ``share``
    (B, h, w) in [0, 1]: D shall not train the network to paint rooms."""
    mask = functional.interpolate(
        share[:, None], drawn.shape[-2:], mode="bilinear", align_corners=True
    )
    return mask * drawn + (1 - mask) * drawn.detach()
