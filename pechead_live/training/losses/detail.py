"""L_d: the perceptual loss at full size, on one crop of each picture.

A whole picture at full size is too dear for a CPU, and at a quarter of it teeth, lashes and hair
are gone: a network that blurs them pays nothing. A crop of a quarter of the side costs a sixteenth.
Mouth and eyes are where a person looks, so most of the crops lie there.
"""

import torch
from torch import Tensor

from pechead_live.training.losses.regions import LEFT_EYE, MOUTH, RIGHT_EYE

CROP = 4
"""The picture's side over a crop's."""

SHARES = {"mouth": 0.35, "eyes": 0.35, "anywhere": 0.3}
"""Of the crops, by what lies at their centre."""

SHIFT = 0.25
"""Largest distance of that centre from the crop's, of the crop's side."""


def detail_crops(drawn: Tensor, truth: Tensor, landmarks: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 3, H / 4, W / 4) of both at the same random places; ``landmarks`` (B, 70, 2) of the
    truth, picture coordinates. torch's random numbers choose."""
    height, width = truth.shape[-2:]
    tall, wide = height // CROP, width // CROP
    pairs: list[tuple[Tensor, Tensor]] = []
    for number, (x, y) in enumerate(_centres(landmarks.float().cpu()).tolist()):
        left = round((x + 1) / 2 * (width - 1) - wide / 2)
        top = round((y + 1) / 2 * (height - 1) - tall / 2)
        left, top = min(max(left, 0), width - wide), min(max(top, 0), height - tall)
        place = (..., slice(top, top + tall), slice(left, left + wide))
        pairs.append((drawn[number][place], truth[number][place]))
    drawn_crops, truth_crops = zip(*pairs, strict=True)
    return torch.stack(drawn_crops), torch.stack(truth_crops)


def _centres(landmarks: Tensor) -> Tensor:
    """(B, 2) picture coordinates."""
    count = landmarks.shape[0]
    side = torch.where(torch.rand(count, 1) < 0.5, 0, 1)
    eyes = torch.stack([landmarks[:, part].mean(dim=1) for part in (RIGHT_EYE, LEFT_EYE)], dim=1)
    places = {
        "mouth": landmarks[:, MOUTH].mean(dim=1),
        "eyes": torch.where(side == 0, eyes[:, 0], eyes[:, 1]),
        "anywhere": 2 * torch.rand(count, 2) - 1,
    }
    kinds = torch.multinomial(torch.tensor(list(SHARES.values())), count, replacement=True)
    chosen = torch.stack([places[kind] for kind in SHARES])[kinds, torch.arange(count)]
    return chosen + SHIFT * 2 / CROP * (2 * torch.rand(count, 2) - 1)
