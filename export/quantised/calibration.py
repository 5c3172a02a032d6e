"""What `decode` is given when a lite network draws clips, one frame after the other.

Its features come warped from the source and its memory from the frame before, so only the network
itself can make them.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from engines.engine import Array, Engine
from engines.networks.lite import SplitLite
from export.quantised.lite_clips import LiteClip, LiteFrame
from pechead_live.frame import Pixels
from pechead_live.renderer.compose import compose
from pechead_live.renderer.lite_network import LiteDrawing


class LiteEngines(NamedTuple):
    """The parts of a lite network that is cut at its warps."""

    encode: Engine
    motion: Engine
    decode: Engine


def decode_inputs(engines: LiteEngines, clips: Iterable[LiteClip]) -> Iterator[dict[str, Array]]:
    """All inputs of `decode`, for each frame of ``clips``; the memory begins anew with a clip."""
    return (given for given, _, _ in _played(engines, clips))


def pictures(engines: LiteEngines, clips: Iterable[LiteClip]) -> Iterator[tuple[Pixels, LiteFrame]]:
    """What the network makes of each frame, (S, S, 3), and the frame."""
    for _, drawing, frame in _played(engines, clips):
        yield composed(drawing, frame.guide_picture), frame


def composed(drawing: LiteDrawing, guide_picture: Pixels) -> Pixels:
    """(S, S, 3): the guide picture, moved, under what the network painted."""
    picture = guide_picture.copy()
    compose(picture, drawing, 0, 0, len(picture))
    return picture


def _played(
    engines: LiteEngines, clips: Iterable[LiteClip]
) -> Iterator[tuple[dict[str, Array], LiteDrawing, LiteFrame]]:
    network = SplitLite(*engines)
    for clip in clips:
        source = network.source(clip.portrait, clip.rest)
        state = network.initial_state(source)
        for frame in clip.frames:
            given, residual = network.moved(
                source,
                frame.condition,
                frame.guide_picture,
                frame.guide_flow,
                frame.guide_share,
                state,
            )
            drawing, state = network.painted(given, residual)
            yield given, drawing, frame
