"""What a lite network sees of a portrait, changed by what was learned of its person."""

from typing import NamedTuple

import torch
from torch import Tensor

from pechead_live.avatar.personal import Personal, change_of
from pechead_live.errors import InputError
from pechead_live.model.lite.network import LiteSource


class Changes(NamedTuple):
    """Tensors that are added to those of a `LiteSource` of one portrait, float32."""

    features_64: Tensor
    """(1, C, h, h)."""

    features_128: Tensor
    """(1, C, 2 h, 2 h)."""

    motion_features: Tensor
    """(1, C, h, h), to all but the keypoints' heat maps."""


def changes_of(personal: Personal) -> Changes:
    """As they are stored."""
    parts = (getattr(personal, name).values() for name in Changes._fields)
    return Changes(*(torch.from_numpy(values)[None] for values in parts))


def personal_of(changes: Changes, model: str, weights: str) -> Personal:
    """Rounded to what is stored, for the network ``model`` of the checkpoint ``weights``."""
    parts = {name: change_of(tensor[0].detach().numpy()) for name, tensor in _named(changes)}
    return Personal(model=model, weights=weights, **parts)


def with_changes(source: LiteSource, changes: Changes) -> LiteSource:
    """``source``, also of a batch, with ``changes`` added, in its own memory order.

    Raises `InputError` where a change has another shape.
    """
    learned = changes.motion_features.shape[1]
    features = {
        "features_64": source.features_64,
        "features_128": source.features_128,
        "motion_features": source.motion_features[:, :learned],
    }
    for name, change in _named(changes):
        if features[name].shape[1:] != change.shape[1:]:
            raise InputError(
                f"the avatar's personal {name} has shape {tuple(change.shape[1:])}, the network's "
                f"{tuple(features[name].shape[1:])}: give 'pechead-live avatar personalise' again, "
                "with this network"
            )
    heat = source.motion_features[:, learned:]
    return LiteSource(
        _like(source.features_64, source.features_64 + changes.features_64),
        _like(source.features_128, source.features_128 + changes.features_128),
        torch.cat([features["motion_features"] + changes.motion_features, heat], dim=1),
        source.keypoints,
    )


def _named(changes: Changes) -> list[tuple[str, Tensor]]:
    return list(zip(Changes._fields, changes, strict=True))


def _like(features: Tensor, changed: Tensor) -> Tensor:
    if features.is_contiguous(memory_format=torch.channels_last):
        return changed.contiguous(memory_format=torch.channels_last)
    return changed
