"""L_p: pictures as close as possible to the truth (PECHead section 3.5, "Pixel-wise Loss").

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


def masked_l1(drawn: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """() Σ mask · |x̂ − x^d| / Σ mask: the mean difference where ``mask`` (B, 1, H, W) looks.

    As MetaPortrait's eye and mouth terms do, so a small region counts as much as a large one. A
    mask of nothing gives 0.
    """
    difference = (drawn - truth).abs().mean(dim=1, keepdim=True)
    return (difference * mask).sum() / mask.sum().clamp(min=1.0)
