"""A lite network run by torch: the reference that every other runtime is compared with."""

from pathlib import Path

import numpy as np
import torch

from engines.manifest import sha256_of
from engines.torch.tensors import one, picture_of, pixels_of
from pechead_live.avatar.personal import Personal
from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.frame import Pixels
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into
from pechead_live.model.lite.dimensions import LITE_PRESETS, LiteDimensions
from pechead_live.model.lite.network import Lite, LiteSource, LiteState
from pechead_live.model.lite.personal import changes_of, with_changes
from pechead_live.renderer.lite_network import LiteDrawing


class TorchLite:
    """`LiteNetwork` of a module in memory, on the CPU."""

    def __init__(self, network: Lite, weights: str = "") -> None:
        """``network`` is copied as it is now. ``weights``: SHA-256 of its checkpoint."""
        self._weights = weights
        fused = network.fused().cpu()
        self._network = fused.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def size(self) -> int:
        """Side of a picture, pixels."""
        return self._network.dimensions.size

    @property
    def provider(self) -> str:
        """What computes."""
        return "torch CPU"

    @property
    def weights(self) -> str:
        """Of the checkpoint, "" if it was not said."""
        return self._weights

    @torch.inference_mode()
    def source(
        self, portrait: Pixels, condition: FloatArray, personal: Personal | None = None
    ) -> LiteSource:
        """See `LiteNetwork`."""
        plain = self._network.encode(picture_of(portrait), one(condition))
        return plain if personal is None else with_changes(plain, changes_of(personal))

    @torch.inference_mode()
    def initial_state(self, source: LiteSource) -> LiteState:
        """Zeros."""
        del source
        return self._network.initial_state(1)

    @torch.inference_mode()
    def step(
        self,
        source: LiteSource,
        condition: FloatArray,
        guide_picture: Pixels,
        guide_flow: FloatArray,
        guide_share: FloatArray,
        state: LiteState,
    ) -> tuple[LiteDrawing, LiteState]:
        """See `LiteNetwork`."""
        (_, residual, _), decoded = self._network.drawing(
            source,
            one(condition),
            picture_of(guide_picture),
            one(guide_flow),
            one(guide_share),
            state,
        )
        if not bool(torch.isfinite(decoded.hidden).all()):
            raise FloatingPointError("the network's memory is not finite")
        drawing = LiteDrawing(
            np.ascontiguousarray(residual[0].numpy()),
            pixels_of(decoded.painted),
            np.ascontiguousarray(decoded.alpha[0, 0].numpy()),
        )
        return drawing, LiteState(decoded.hidden)


def open_torch_lite(path: Path, preset: str | None = None) -> TorchLite:
    """The lite network of a checkpoint; `InputError` if it is another one.

    ``preset``: the dimensions that it must have, a key of `LITE_PRESETS`; ``lite-toy`` is ``toy``.
    """
    checkpoint = load_checkpoint(path, "lite")
    dimensions = dimensions_of(checkpoint, LiteDimensions)
    if preset is not None:
        wanted = LITE_PRESETS.get(preset) or LITE_PRESETS.get(preset.removeprefix("lite-"))
        if wanted is None:
            raise InputError(f"there is no lite network {preset!r}: use {', '.join(LITE_PRESETS)}")
        if dimensions != wanted:
            raise InputError(
                f"{path} is a lite network of preset '{checkpoint.preset}', not '{preset}': "
                "give another, or ask for its own preset"
            )
    network = Lite(dimensions)
    load_into(network, checkpoint.tensors)
    return TorchLite(network, sha256_of(path))
