"""A PECHead run by torch: the reference that every other runtime is compared with."""

from pathlib import Path

import torch

from engines.torch.tensors import one, picture_of, pixels_of
from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into
from pechead_live.model.dimensions import Dimensions
from pechead_live.model.pechead import Driving, PECHead, Source, State


class TorchPechead:
    """A PECHead in memory, on the CPU."""

    def __init__(self, network: PECHead) -> None:
        """``network`` is used as it is; it is not trained any more."""
        self._network = network.eval().requires_grad_(False)

    @property
    def size(self) -> int:
        """Side of a picture, pixels."""
        return self._network.dimensions.size

    @property
    def provider(self) -> str:
        """What computes."""
        return "torch CPU"

    @torch.inference_mode()
    def source(self, portrait: Pixels, condition: FloatArray, landmarks: FloatArray) -> Source:
        """``portrait`` (S, S, 3) RGB, its ``condition`` (61,) and landmarks (70, 2)."""
        picture = picture_of(portrait)
        return self._network.source(picture, one(condition), one(landmarks))

    @torch.inference_mode()
    def initial_state(self, source: Source) -> State:
        """Zeros."""
        return self._network.initial_state(source)

    @torch.inference_mode()
    def step(
        self,
        source: Source,
        condition: FloatArray,
        landmarks: FloatArray,
        prior_flow: FloatArray,
        state: State,
    ) -> tuple[Pixels, State]:
        """``condition`` (61,), l^d (70, 2) and F0 (64, 64, 2) to (S, S, 3) RGB."""
        driving = Driving(one(condition), one(landmarks), one(prior_flow))
        output, state = self._network.step(source, driving, state)
        if not bool(torch.isfinite(state.hidden.abs().mean())):
            raise FloatingPointError("the network's memory is not finite")
        return pixels_of(output.picture), state


def open_torch_pechead(path: Path, preset: str | None = None) -> TorchPechead:
    """The PECHead of a checkpoint; `InputError` if it is another network, or of another
    ``preset``."""
    checkpoint = load_checkpoint(path, "pechead", preset)
    network = PECHead(dimensions_of(checkpoint, Dimensions))
    load_into(network, checkpoint.tensors)
    return TorchPechead(network)
