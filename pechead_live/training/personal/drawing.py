"""Drawing windows with a frozen network and changed features, and what of a picture counts."""

import torch
from torch import Tensor

from pechead_live.model.lite.network import Lite, LiteOutput, LiteSource, LiteState
from pechead_live.model.lite.personal import Changes, with_changes
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.regions import face_mask
from pechead_live.training.recipes.lite import draw_frames
from pechead_live.training.recipes.picture_terms import flat


def draw_windows(
    network: Lite,
    source: LiteSource,
    changes: Changes,
    batch: Batch,
    state: LiteState | None = None,
) -> tuple[list[LiteOutput], LiteState]:
    """The frames of a batch in order, from ``state`` or from zeros.

    ``source``: of the one portrait, without ``changes``.
    """
    count = batch.driving.shape[0]
    own = with_changes(source, changes)
    wide = LiteSource(*(tensor.expand(count, *tensor.shape[1:]) for tensor in own))
    frames = batch.driving.shape[1]
    return draw_frames(network, [wide] * frames, batch, state or network.initial_state(count))


def counted(drawn: Tensor, batch: Batch, seen: Tensor, *, face_only: bool) -> Batch:
    """``batch`` whose truth is, where nothing is to be learned, what was drawn.

    So every loss is 0 there, those that look at neighbourhoods too. ``drawn`` (B, T, 3, H, W);
    ``seen`` (1, 1, H, H) in [0, 1] is what the clip shows.
    """
    share = seen
    if face_only:
        masks = face_mask(flat(batch.truth_landmarks), *seen.shape[-2:])
        share = masks.unflatten(0, batch.driving.shape[:2]) * seen
    kept = drawn.detach()
    return batch._replace(driving=kept + share * (batch.driving - kept))


def nothing_learned(source: LiteSource, learned: int) -> Changes:
    """Zeros for ``source``; ``learned``: channels of its motion features without heat maps."""
    return Changes(
        torch.zeros_like(source.features_64),
        torch.zeros_like(source.features_128),
        torch.zeros_like(source.motion_features[:, :learned]),
    )
