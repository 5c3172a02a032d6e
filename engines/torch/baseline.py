"""The FOMM-style baseline run by torch, to be compared with: it draws no live picture."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pechead_live.coefficients import FloatArray
from pechead_live.model.baseline.dimensions import BaselineDimensions
from pechead_live.model.baseline.keypoints import Keypoints, relative
from pechead_live.model.baseline.network import Baseline, BaselineSource
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into


class TorchBaseline:
    """`BaselineNetwork` of a module in memory, on the CPU."""

    def __init__(self, network: Baseline) -> None:
        """``network`` is used as it is; it is not trained any more."""
        self._network = network.eval().requires_grad_(False)

    @property
    def size(self) -> int:
        """Side of a picture, pixels."""
        return self._network.dimensions.size

    @torch.inference_mode()
    def source(self, portrait: FloatArray) -> BaselineSource:
        """``portrait`` (S, S, 3) RGB in [0, 1]."""
        return self._network.source(_image(portrait))

    @torch.inference_mode()
    def keypoints(self, picture: FloatArray) -> Keypoints:
        """Of a driving picture (S, S, 3)."""
        return self._network.detector(_image(picture))

    @torch.inference_mode()
    def draw(self, source: BaselineSource, driving: Keypoints, anchor: Keypoints) -> FloatArray:
        """(S, S, 3) in [0, 1]: the portrait moved as the driver moved since ``anchor``."""
        moved = relative(driving, anchor, source.keypoints)
        picture = self._network.step(source, moved).picture
        return np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy())


def open_torch_baseline(path: Path) -> TorchBaseline:
    """The baseline of a checkpoint; `InputError` if it is another network."""
    checkpoint = load_checkpoint(path, "baseline")
    network = Baseline(dimensions_of(checkpoint, BaselineDimensions))
    load_into(network, checkpoint.tensors)
    return TorchBaseline(network)


def _image(array: FloatArray) -> Tensor:
    """(H, W, C) to (1, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(array))[None].permute(0, 3, 1, 2).contiguous()
