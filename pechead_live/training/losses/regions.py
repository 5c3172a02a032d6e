"""Where eyes, mouth and face are, as soft masks drawn from the 70 landmarks.

Landmarks: iBUG 300-W's 68 (jaw 0-16, brows 17-26, nose 27-35, right eye 36-41, left eye 42-47, lips
48-67), then the right and left iris centre, (x, y) in [-1, 1]. MetaPortrait has such masks for its
eye and mouth terms, Face2Face-rho for its face.
"""

import torch
from torch import Tensor
from torch.nn import functional

RIGHT_EYE, LEFT_EYE, MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)
EYE_MARGIN, MOUTH_MARGIN = 0.3, 0.2
"""How far a box reaches beyond its points, of its longer side: the skin that moves with lids and
lips belongs to them."""

_RIGHT_CORNERS, _LEFT_CORNERS, _MOUTH_CORNERS = (36, 39), (42, 45), (48, 54)
_OUTLINE = (*range(17), *range(26, 16, -1))  # the jaw, then back along the brows
_BROWS = slice(17, 10 + 17)
_FOREHEAD = 0.35  # of the way from the brows' middle to the chin, lifted: hair starts near there
_COARSE = 64  # pixels of the face mask before it is enlarged


def eyes_mask(landmarks: Tensor, height: int, width: int) -> Tensor:
    """(B, 1, H, W) in [0, 1]: about 1 on lids and irises, 0 elsewhere; landmarks (B, 70, 2)."""
    right = _soft_box(landmarks, RIGHT_EYE, _RIGHT_CORNERS, EYE_MARGIN, height, width)
    left = _soft_box(landmarks, LEFT_EYE, _LEFT_CORNERS, EYE_MARGIN, height, width)
    return torch.maximum(right, left)


def mouth_mask(landmarks: Tensor, height: int, width: int) -> Tensor:
    """(B, 1, H, W) in [0, 1]: about 1 on the lips and what is between them, 0 elsewhere."""
    return _soft_box(landmarks, MOUTH, _MOUTH_CORNERS, MOUTH_MARGIN, height, width)


def face_mask(landmarks: Tensor, height: int, width: int) -> Tensor:
    """(B, 1, H, W) in [0, 1]: 1 between jaw line and forehead, soft over about two coarse pixels.

    The outline is the jaw and the brows, these lifted by a part of the face's height. A place is
    inside if a ray from it crosses the outline an odd number of times.
    """
    points = landmarks.float().clone()
    up = points[:, _BROWS].mean(dim=1) - points[:, 8]
    points[:, _BROWS] = points[:, _BROWS] + _FOREHEAD * up[:, None]
    corner = points[:, list(_OUTLINE)]
    following = corner.roll(-1, dims=1)
    x, y = _lattice(_COARSE, _COARSE, points)
    x, y = x[None, ..., None], y[None, ..., None]
    x0, y0 = corner[:, None, None, :, 0], corner[:, None, None, :, 1]
    x1, y1 = following[:, None, None, :, 0], following[:, None, None, :, 1]
    spans = (y0 > y) != (y1 > y)
    slope = (x1 - x0) / torch.where(spans, y1 - y0, torch.ones_like(y0))
    crossed = spans & (x < x0 + (y - y0) * slope)
    inside = (crossed.sum(-1) % 2).float()[:, None]
    soft = functional.avg_pool2d(
        functional.pad(inside, (1, 1, 1, 1), mode="replicate"), 3, stride=1
    )
    return functional.interpolate(soft, (height, width), mode="bilinear", align_corners=True)


def face_weight(landmarks: Tensor, height: int, width: int, factor: float) -> Tensor:
    """(B, 1, H, W) ``factor`` inside the face, 1 outside."""
    return 1 + (factor - 1) * face_mask(landmarks, height, width)


def _soft_box(
    landmarks: Tensor,
    points: slice,
    corners: tuple[int, int],
    margin: float,
    height: int,
    width: int,
) -> Tensor:
    """(B, 1, H, W) a box around ``points``, turned like the line between ``corners``, blurred.

    The blur is a Gaussian of a third of the margin, so the mask is ½ at the box's edge and about 1
    at the points.
    """
    marks = landmarks.float()
    along = marks[:, corners[1]] - marks[:, corners[0]]
    along = along / along.norm(dim=-1, keepdim=True).clamp(min=1e-6)
    across = torch.stack([-along[:, 1], along[:, 0]], -1)
    x, y = _lattice(height, width, marks)
    lattice = torch.stack([x, y], -1).view(1, -1, 2)
    bounds: list[tuple[Tensor, Tensor]] = []
    for axis in (along, across):
        place = (marks[:, points] * axis[:, None]).sum(-1)
        bounds.append((place.amin(1), place.amax(1)))
    longer = torch.stack([high - low for low, high in bounds]).amax(0)
    grow = margin * longer
    blur = (grow / 3).clamp(min=1e-3)[:, None] * 2**0.5
    mask = torch.ones(marks.shape[0], height * width, device=marks.device)
    for axis, (low, high) in zip((along, across), bounds, strict=True):
        place = (lattice * axis[:, None]).sum(-1)
        start, end = (low - grow)[:, None], (high + grow)[:, None]
        mask = mask * 0.5 * (torch.erf((place - start) / blur) - torch.erf((place - end) / blur))
    return mask.view(-1, 1, height, width)


def _lattice(height: int, width: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """x and y (H, W) of the pixels in [-1, 1]."""
    rows = torch.linspace(-1, 1, height, device=like.device)
    columns = torch.linspace(-1, 1, width, device=like.device)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return x, y
