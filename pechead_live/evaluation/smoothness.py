"""The warp error of a film: where the truth moved smoothly, does the result."""

from collections.abc import Sequence
from typing import NamedTuple

from pechead_live.evaluation.clip import Driving
from pechead_live.evaluation.film import mean_known
from pechead_live.evaluation.metrics.warp_error import FrameFlow, frame_flow, warp_error
from pechead_live.evaluation.result import Figures
from pechead_live.frame import Pixels


class FlowPair(NamedTuple):
    """Two consecutive frames of the truth and how it moved between them."""

    now: int
    """Number of the later one; the other is the one before."""

    flow: FrameFlow


def flows_of(driving: Driving, compared: Sequence[int]) -> list[FlowPair]:
    """The flow into each frame of ``compared`` whose neighbour before shows a face too."""
    frames, places = driving.frames, driving.places
    return [
        FlowPair(i, frame_flow(frames[i - 1].pixels, frames[i].pixels))
        for i in compared
        if i > 0 and places[i] == places[i - 1] + 1
    ]


def warp_figures(film: Sequence[Pixels], flows: Sequence[FlowPair]) -> Figures:
    """The mean over ``flows``, which belong to frames of ``film``."""
    errors = (warp_error(film[pair.now - 1], film[pair.now], pair.flow) for pair in flows)
    return {"warp_error": mean_known(errors)}
