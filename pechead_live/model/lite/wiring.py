"""What each channel of the lite network's tensors carries, in the terms of `LiteDimensions`.

Where feature maps are concatenated, an axis of a kernel holds several groups of channels one after
the other; whoever moves weights from one network to another has to know where each begins.
"""

from fnmatch import fnmatchcase
from typing import NamedTuple

import torch
from torch import Tensor

from pechead_live.facemodel.condition import CONDITION_SIZE
from pechead_live.model.lite.decode import PAINTED
from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.keypoints import KEYPOINTS
from pechead_live.model.lite.motion import MASKS

Channels = tuple[str | int, ...]
"""Groups along an axis in their order: a field of `LiteDimensions` that counts them, or a count."""


class Wire(NamedTuple):
    """Of one layer or of several alike."""

    outputs: Channels
    """Along the first axis of kernels, matrices, biases and norms."""

    inputs: Channels
    """Along the second axis of kernels and matrices."""


def _plain(outputs: str | int, *inputs: str | int) -> Wire:
    return Wire((outputs,), inputs)


_EACH = (1,)
"""Inputs of a kernel for each channel on its own."""

_MOTION = (2 + 1 + KEYPOINTS, "motion_features", KEYPOINTS)
_WIDE = ("decode_32", "decode_32")
_MEMORY = ("hidden", "hidden")

WIRES: dict[str, Wire] = {
    "encoder.stage_128.0.*": _plain("encoder_128", 3),
    "encoder.stage_128.*": _plain("encoder_128", "encoder_128"),
    "encoder.stage_64.0.*": _plain("encoder_64", "encoder_128"),
    "encoder.stage_64.*": _plain("encoder_64", "encoder_64"),
    "encoder.to_features_128.*": _plain("features_128", "encoder_128"),
    "encoder.to_features_64.*": _plain("features_64", "encoder_64"),
    "encoder.to_motion_features.*": _plain("motion_features", "encoder_64"),
    "motion_network.down_32.*": _plain("motion_32", *_MOTION),
    "motion_network.down_16.*": _plain("motion_16", "motion_32"),
    "motion_network.down_8.*": _plain("motion_8", "motion_16"),
    "motion_network.middle.*": _plain("motion_8", "motion_8"),
    "motion_network.up_16.*": _plain("motion_16", "motion_8", "motion_16"),
    "motion_network.up_32.*": _plain("motion_32", "motion_16", "motion_32"),
    "motion_network.up_64.*": _plain("motion_64", "motion_32", *_MOTION),
    "motion_network.head.*": _plain(MASKS + 3, "motion_64"),
    "decoder.guide_64.*": _plain("guide_64", 3 * 4 * 4),
    "decoder.guide_128.*": _plain("guide_128", 3 * 2 * 2),
    "decoder.down_32.*": _plain("decode_32", "features_64", "guide_64"),
    "decoder.film.first.*": _plain("condition_width", CONDITION_SIZE),
    "decoder.film.second.*": Wire(_WIDE, ("condition_width",)),
    "decoder.blocks.*.body.0.*": Wire(_WIDE, ("decode_32",)),
    "decoder.blocks.*.body.1.*": Wire(_WIDE, _EACH),
    "decoder.blocks.*.body.2.*": Wire(("decode_32",), _WIDE),
    "decoder.to_hidden.*": _plain("hidden", "decode_32"),
    "decoder.gru.gates.0.*": Wire(_MEMORY, _EACH),
    "decoder.gru.gates.1.*": Wire(_MEMORY, _MEMORY),
    "decoder.gru.candidate.0.*": Wire(_MEMORY, _EACH),
    "decoder.gru.candidate.1.*": Wire(("hidden",), _MEMORY),
    "decoder.narrow_32.*": _plain("decode_64", "decode_32", "hidden"),
    "decoder.up_64.*": _plain("decode_64", "decode_64", "features_64"),
    "decoder.refine_64.*": _plain("decode_64", "decode_64"),
    "decoder.narrow_64.*": _plain("decode_128", "decode_64"),
    "decoder.up_128.*": _plain("decode_128", "decode_128", "features_128", "guide_128"),
    "decoder.refine_128.*": _plain("decode_128", "decode_128"),
    "decoder.out.*": _plain(PAINTED + 1, "decode_128"),
}
"""Pattern of tensor names to their wire; the first that fits. What none fits has no width: the
keypoints and the statistics of the condition."""


def wire_of(name: str) -> Wire | None:
    """Of the tensor ``name`` of the state dict; None if no dimension changes its shape."""
    return next((wire for pattern, wire in WIRES.items() if fnmatchcase(name, pattern)), None)


def places_in(channels: Channels, small: LiteDimensions, large: LiteDimensions) -> Tensor:
    """(n,) where the n channels of an axis of the ``small`` network stand in the ``large`` one.

    Each group's channels are its first in the larger group.
    """
    places: list[Tensor] = []
    start = 0
    for group in channels:
        places.append(torch.arange(start, start + _count(group, small)))
        start += _count(group, large)
    return torch.cat(places)


def _count(group: str | int, dimensions: LiteDimensions) -> int:
    count: int = group if isinstance(group, int) else getattr(dimensions, group)
    return count
