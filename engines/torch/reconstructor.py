"""R run by torch: the reference that every other runtime is compared with."""

from pathlib import Path

import torch

from engines.torch.tensors import picture_of
from pechead_live.frame import Pixels
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into
from pechead_live.model.reconstructor import Reconstructor, ReconstructorDimensions
from pechead_live.tracker.reconstructor_network import CropReading


class TorchReconstructor:
    """`ReconstructorNetwork` of a module in memory, on the CPU."""

    def __init__(self, network: Reconstructor) -> None:
        """``network`` is used as it is; it is not trained any more."""
        network = network.eval().requires_grad_(False)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def size(self) -> int:
        """Side of a crop, pixels."""
        return self._network.dimensions.size

    @property
    def provider(self) -> str:
        """What computes."""
        return "torch CPU"

    @torch.inference_mode()
    def read(self, crop: Pixels) -> CropReading:
        """See `ReconstructorNetwork`."""
        found = self._network(picture_of(crop))
        return CropReading(
            identity=found.identity[0].numpy(),
            expression=found.expression[0].numpy(),
            rotation=found.rotation[0].numpy(),
            translation=found.translation[0].numpy(),
            scale=float(found.scale[0]),
            confidence=float(found.confidence[0]),
        )

    def close(self) -> None:
        """Nothing is held."""


def open_torch_reconstructor(path: Path) -> TorchReconstructor:
    """The R of a checkpoint, of any preset; `InputError` if it is another network."""
    checkpoint = load_checkpoint(path, "reconstructor")
    network = Reconstructor(dimensions_of(checkpoint, ReconstructorDimensions))
    load_into(network, checkpoint.tensors)
    return TorchReconstructor(network)
