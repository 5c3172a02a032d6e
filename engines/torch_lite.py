"""A lite network run by torch: the reference that every other runtime is compared with."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into
from pechead_live.model.lite.dimensions import LITE_PRESETS, LiteDimensions
from pechead_live.model.lite.network import Lite
from pechead_live.model.lite.network import LiteSource as SourceTensors
from pechead_live.renderer.lite_network import LiteMotion, LiteNetwork, LitePainting, LiteSource


class TorchLite:
    """`LiteNetwork` of a module in memory, on the CPU."""

    def __init__(self, network: Lite) -> None:
        """``network`` is copied as it is now."""
        fused = network.fused().cpu()
        self._network = fused.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def size(self) -> int:
        """Side of a picture, pixels."""
        return self._network.dimensions.size

    @property
    def hidden_shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of the recurrent state."""
        side = self._network.dimensions.grid // 2
        return side, side, self._network.dimensions.hidden

    @torch.inference_mode()
    def encode(self, portrait: FloatArray, condition: FloatArray) -> LiteSource:
        """See `LiteNetwork`."""
        source = self._network.encode(_image(portrait), _one(condition))
        return LiteSource(
            _array(source.features_64),
            _array(source.features_128),
            _array(source.motion_features),
            source.keypoints[0].numpy(),
        )

    @torch.inference_mode()
    def motion(
        self,
        source: LiteSource,
        condition: FloatArray,
        guide_flow: FloatArray,
        guide_share: FloatArray,
    ) -> LiteMotion:
        """See `LiteNetwork`."""
        tensors = SourceTensors(
            _image(source.features_64),
            _image(source.features_128),
            _image(source.motion_features),
            _one(source.keypoints),
        )
        flow, residual, occlusion = self._network.motion(
            tensors,
            _one(condition),
            _one(guide_flow),
            _one(guide_share),
        )
        return LiteMotion(
            flow[0].contiguous().numpy(), residual[0].contiguous().numpy(), _array(occlusion)
        )

    @torch.inference_mode()
    def decode(
        self,
        features_64: FloatArray,
        features_128: FloatArray,
        occlusion: FloatArray,
        condition: FloatArray,
        guide_picture: FloatArray,
        hidden: FloatArray,
    ) -> LitePainting:
        """See `LiteNetwork`."""
        decoded = self._network.decode(
            _image(features_64),
            _image(features_128),
            _image(occlusion),
            _one(condition),
            _image(guide_picture),
            _image(hidden),
        )
        return LitePainting(*(_array(tensor) for tensor in decoded))


def open_torch_lite(path: Path, preset: str | None = None) -> LiteNetwork:
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
    return TorchLite(network)


def _one(array: FloatArray) -> Tensor:
    """A batch of one."""
    return torch.from_numpy(np.ascontiguousarray(array))[None]


def _image(array: FloatArray) -> Tensor:
    """(H, W, C) to (1, C, H, W) in the same memory."""
    return _one(array).permute(0, 3, 1, 2)


def _array(tensor: Tensor) -> FloatArray:
    """(1, C, H, W) to (H, W, C)."""
    return np.ascontiguousarray(tensor[0].permute(1, 2, 0).numpy())
