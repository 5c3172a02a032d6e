"""The one part of a Reconstructor: a face crop to coefficients."""

from torch import Tensor, nn

from export.parts.folding import folded
from export.parts.part import Part
from export.parts.pixels import picture_port, taken
from pechead_live.model.reconstructor import Reconstructor, ReconstructorOutput


def reconstructor_parts(network: Reconstructor, pixels: str) -> list[Part]:
    """`reconstructor`, whose crop is a picture as ``pixels``; its outputs have no batch."""
    module = _Crop(folded(network)).eval()
    inputs = {"crop": picture_port(network.dimensions.size, pixels)}
    return [Part("reconstructor", module, inputs, ReconstructorOutput._fields)]


class _Crop(nn.Module):
    def __init__(self, network: Reconstructor) -> None:
        super().__init__()
        self.network = network

    def forward(self, crop: Tensor) -> tuple[Tensor, ...]:
        return tuple(each[0] for each in self.network(taken(crop)))
