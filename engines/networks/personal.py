"""What an avatar holds of its person, added to what `encode` of a lite network gave."""

import numpy as np

from engines.engine import Array
from pechead_live.avatar.personal import Change, Personal
from pechead_live.errors import InputError


def with_personal(found: dict[str, Array], personal: Personal | None) -> dict[str, Array]:
    """The ports of ``found`` in their own dtypes, changed; as they are if there is nothing to add.

    ``found``: source_features_64 (h, h, C), source_features_128 (2 h, 2 h, C) and
    source_motion_features (1, C + 10, h, h) among others. Raises `InputError` where a change has
    another shape.
    """
    if personal is None:
        return found
    changed = dict(found)
    for name in ("features_64", "features_128"):
        change: Change = getattr(personal, name)
        port = f"source_{name}"
        changed[port] = _sum(found[port], np.ascontiguousarray(_last(change.values())), name)
    known = found["source_motion_features"]
    change = personal.motion_features
    learned = known[:, : len(change.scale)]
    moved = _sum(learned, change.values()[None], "motion_features")
    changed["source_motion_features"] = np.concatenate([moved, known[:, len(change.scale) :]], 1)
    return changed


def _last(values: Array) -> Array:
    return values.transpose(1, 2, 0)


def _sum(features: Array, change: Array, name: str) -> Array:
    if features.shape != change.shape:
        raise InputError(
            f"the avatar's personal {name} has shape {change.shape}, the network's "
            f"{features.shape}: give 'pechead-live avatar personalise' again, with this network"
        )
    return (features.astype(np.float32) + change).astype(features.dtype)
