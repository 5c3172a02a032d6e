"""A lite network run by engines: cut at its warps on a CPU, in one graph elsewhere.

The runtimes that a CPU has warp slowly (7 ms where `cv2.remap` takes 0.2), so there the network is
two graphs, `motion` and `decode`, and the features are warped between them.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engines.engine import Array, Engine, Stream, StreamState
from engines.networks.files import has_part, open_parts
from engines.networks.personal import with_personal
from engines.networks.quantised_decode import FILE, PRECISION, faster_of, open_quantised
from pechead_live.avatar.personal import Personal
from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.frame import Pixels
from pechead_live.reachable import is_file
from pechead_live.renderer.lattice import finer, sampled
from pechead_live.renderer.lite_network import LiteDrawing, LiteNetwork

HIDDEN, NEXT_HIDDEN = "state_hidden", "next_state_hidden"
SPLIT = (None, "onnxruntime", "onnxruntime:cpu")
"""Devices on which warps are dear."""

FEATURES = ("source_features_64", "source_features_128")


class SplitLite:
    """`LiteNetwork` of the engines `encode`, `motion` and `decode`."""

    def __init__(self, encode: Engine, motion: Engine, decode: Engine) -> None:
        self._encode, self._motion, self._decode = encode, motion, decode
        self._hidden = _shape(decode, HIDDEN)

    @property
    def size(self) -> int:
        """Side of a picture, pixels."""
        return _shape(self._encode, "portrait")[0]

    @property
    def provider(self) -> str:
        """What really computes."""
        whole = self._decode.manifest.precision != PRECISION
        return self._decode.provider if whole else f"{self._decode.provider} in {PRECISION}"

    @property
    def weights(self) -> str:
        """Of the checkpoint."""
        return self._encode.manifest.checkpoint_sha256

    def source(
        self, portrait: Pixels, condition: FloatArray, personal: Personal | None = None
    ) -> dict[str, Array]:
        """See `LiteNetwork`."""
        found = self._encode.run({"portrait": portrait, "condition": condition})
        wide: dict[str, Array] = {name: a.astype(np.float32) for name, a in found.items()}
        return with_personal(wide, personal)

    def initial_state(self, source: dict[str, Array]) -> FloatArray:
        """Zeros."""
        del source
        return np.zeros(self._hidden, np.float32)

    def step(
        self,
        source: dict[str, Array],
        condition: FloatArray,
        guide_picture: Pixels,
        guide_flow: FloatArray,
        guide_share: FloatArray,
        state: FloatArray,
    ) -> tuple[LiteDrawing, FloatArray]:
        """See `LiteNetwork`."""
        return self.painted(
            *self.moved(source, condition, guide_picture, guide_flow, guide_share, state)
        )

    def moved(
        self,
        source: dict[str, Array],
        condition: FloatArray,
        guide_picture: Pixels,
        guide_flow: FloatArray,
        guide_share: FloatArray,
        state: FloatArray,
    ) -> tuple[dict[str, Array], FloatArray]:
        """The first half of `step`: the inputs of `decode`, and the residual."""
        moved = self._motion.run(
            {
                "source_motion_features": source["source_motion_features"],
                "source_keypoints": source["source_keypoints"],
                "condition": condition,
                "guide_flow": guide_flow,
                "guide_share": guide_share,
            }
        )
        features_64, features_128 = (
            sampled(source[name], *finer(moved["flow"], source[name].shape[0])) for name in FEATURES
        )
        given = {
            "features_64": features_64,
            "features_128": features_128,
            "occlusion": moved["occlusion"],
            "condition": condition,
            "guide_picture": guide_picture,
            "guide_share": guide_share,
            HIDDEN: state,
        }
        return given, moved["residual"]

    def painted(
        self, given: dict[str, Array], residual: FloatArray
    ) -> tuple[LiteDrawing, FloatArray]:
        """The second half of `step`, from what `moved` returned."""
        drawn = self._decode.run(given)
        if not np.isfinite(drawn[NEXT_HIDDEN]).all():
            raise FloatingPointError("the network's memory is not finite")
        return LiteDrawing(residual, drawn["painted"], drawn["alpha"]), drawn[NEXT_HIDDEN]


class WholeSource(NamedTuple):
    """A portrait on the device of a `WholeLite`."""

    stream: Stream


class WholeLite:
    """`LiteNetwork` of the engines `encode` and `step`: the source and the memory stay where the
    engine computes."""

    def __init__(self, encode: Engine, step: Engine) -> None:
        self._encode, self._step = encode, step

    @property
    def size(self) -> int:
        """Side of a picture, pixels."""
        return _shape(self._encode, "portrait")[0]

    @property
    def provider(self) -> str:
        """What really computes."""
        return self._step.provider

    @property
    def weights(self) -> str:
        """Of the checkpoint."""
        return self._encode.manifest.checkpoint_sha256

    def source(
        self, portrait: Pixels, condition: FloatArray, personal: Personal | None = None
    ) -> WholeSource:
        """See `LiteNetwork`."""
        found = self._encode.run({"portrait": portrait, "condition": condition})
        return WholeSource(self._step.stream(with_personal(found, personal)))

    def initial_state(self, source: WholeSource) -> StreamState:
        """Zeros."""
        return source.stream.initial_state()

    def step(
        self,
        source: WholeSource,
        condition: FloatArray,
        guide_picture: Pixels,
        guide_flow: FloatArray,
        guide_share: FloatArray,
        state: StreamState,
    ) -> tuple[LiteDrawing, StreamState]:
        """See `LiteNetwork`."""
        given: dict[str, Any] = {
            "condition": condition,
            "guide_picture": guide_picture,
            "guide_flow": guide_flow,
            "guide_share": guide_share,
        }
        drawn, state = source.stream.step(given, state)
        return LiteDrawing(drawn["residual"], drawn["painted"], drawn["alpha"]), state


def open_lite(
    folder: Path,
    preset: str,
    device: str | None = None,
    *,
    threads: int | None = None,
    quantised: bool | None = False,
) -> LiteNetwork:
    """The lite network that was exported to ``folder``; raises `InputError`.

    ``device``: as `open_engine` has it; on onnxruntime's CPU the network runs cut at its warps.
    ``threads``: of the CPU, for each engine. ``quantised``: `decode` in 8 bits if that is faster
    here, which is measured (half a second); None: if there is a file of it, too.
    """
    built = device is None and has_part(folder, "step", "tensorrt")
    if device in SPLIT and not built and (quantised or has_part(folder, "motion", device)):
        encode, motion, decode = open_parts(
            folder, ("encode", "motion", "decode"), "lite", preset, device, threads
        )
        if quantised or (quantised is None and is_file(folder / FILE)):
            decode = faster_of(decode, open_quantised(folder, decode, device, threads=threads))
        return SplitLite(encode, motion, decode)
    if quantised:
        raise InputError(
            f"8 bits run on onnxruntime:cpu only: leave out int8, or the engine {device}"
        )
    return WholeLite(*open_parts(folder, ("encode", "step"), "lite", preset, device, threads))


def _shape(engine: Engine, name: str) -> tuple[int, ...]:
    return next(port.shape for port in engine.manifest.inputs if port.name == name)
