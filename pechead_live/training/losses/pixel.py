"""L_p: pictures as close as possible to the truth (PECHead section 3.4, "Pixel-wise Loss").

The paper leaves the norm open; L1 here, as its ancestors have it.
"""

from torch import Tensor


def pixel_loss(drawn: Tensor, truth: Tensor, weight: Tensor | None = None) -> Tensor:
    """() mean over everything of weight · |x̂ − x^d|.

    ``drawn``, ``truth``: (B, 3, H, W) in [0, 1]. ``weight``: (B, 1, H, W) >= 0, 1 everywhere if
    None; more inside the face is Face2Face-rho's idea (×4). It is not normalised: a picture with a
    larger face weighs more.
    """
    difference = (drawn - truth).abs()
    return (difference if weight is None else difference * weight).mean()


def masked_l1(
    drawn: Tensor, truth: Tensor, mask: Tensor, importance: Tensor | None = None
) -> Tensor:
    """() mean over B of Σ mask · |x̂ − x^d| / Σ mask: the mean difference where ``mask`` looks.

    ``drawn``, ``truth``: (B, 3, H, W) in [0, 1]; ``mask``: (B, 1, H, W) >= 0. Each example has its
    own Σ mask, so a small region counts as much as a large one, and a batch that is split over
    processes has the same mean. A mask of nothing gives 0. ``importance``: (B,) what each example
    counts, not normalised; 1 if None.
    """
    difference = (drawn - truth).abs().mean(dim=1, keepdim=True)
    looked = mask.sum(dim=(1, 2, 3)).clamp(min=1.0)
    each = (difference * mask).sum(dim=(1, 2, 3)) / looked
    return (each if importance is None else each * importance).mean()
