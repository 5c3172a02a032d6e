"""Crops of the detail loss: same places in both pictures, mostly on mouth and eyes."""

import torch
from torch import Tensor

from pechead_live.training.losses.detail import detail_crops

SIDE = 64


def _numbered(count: int) -> Tensor:
    """Pictures whose first two channels are a pixel's row and column."""
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    picture = torch.stack([rows, columns, torch.zeros_like(rows)]).float()
    return picture.expand(count, 3, SIDE, SIDE)


def _face(count: int) -> Tensor:
    """Landmarks in the upper left, the mouth in the middle."""
    landmarks = torch.full((count, 70, 2), -0.5)
    landmarks[:, 48:68] = 0.0
    return landmarks


def test_both_pictures_are_cut_at_the_same_place() -> None:
    pictures = _numbered(16)
    drawn, truth = detail_crops(pictures + 100, pictures, _face(16))
    assert drawn.shape == truth.shape == (16, 3, SIDE // 4, SIDE // 4)
    assert torch.equal(drawn - 100, truth)


def test_crops_lie_within_the_picture_wherever_the_face_is() -> None:
    _, truth = detail_crops(_numbered(64), _numbered(64), torch.full((64, 70, 2), 3.0))
    places = truth[:, :2]
    assert places.min() >= 0 and places.max() <= SIDE - 1


def test_most_crops_show_the_mouth_or_an_eye() -> None:
    torch.manual_seed(0)
    count = 400
    _, truth = detail_crops(_numbered(count), _numbered(count), _face(count))
    middles = truth[:, :2].mean(dim=(2, 3)) / (SIDE - 1) * 2 - 1
    reach = 0.16  # of a shift of a quarter of a crop, and a pixel
    for place, least in ((0.0, 0.3), (-0.5, 0.3)):
        near = ((middles - place).abs().amax(dim=1) <= reach).float().mean()
        assert least < near < 0.5


def test_the_seed_decides() -> None:
    def places(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return detail_crops(_numbered(8), _numbered(8), _face(8))[1]

    assert torch.equal(places(1), places(1))
    assert not torch.equal(places(1), places(2))


def test_a_gradient_reaches_only_what_is_seen() -> None:
    drawn = _numbered(1).clone().requires_grad_()
    detail_crops(drawn, _numbered(1), _face(1))[0].sum().backward()
    assert drawn.grad is not None
    assert int(drawn.grad.count_nonzero()) == 3 * (SIDE // 4) ** 2
