"""`ReconstructorNetwork`: what the tracker asks of R, whatever runs it."""

from typing import NamedTuple, Protocol

from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels


class CropReading(NamedTuple):
    """What R reads off one crop; coordinates are those of the crop (`facemodel.face_crop`)."""

    identity: FloatArray
    """(50,) alpha; one picture says little of it."""

    expression: FloatArray
    """(52,) in [0, 1]."""

    rotation: FloatArray
    """(3, 3) from model space to the camera."""

    translation: FloatArray
    """(2,) (x, y) of the model's origin."""

    scale: float
    """Crop units per model unit; > 0."""

    confidence: float
    """[0, 1]; how sure R is that the crop holds a face."""


class ReconstructorNetwork(Protocol):
    """R on some runtime."""

    @property
    def size(self) -> int:
        """Height and width of the crop, pixels."""
        ...

    @property
    def provider(self) -> str:
        """What really computes, in its runtime's words."""
        ...

    def read(self, crop: Pixels) -> CropReading:
        """``crop`` (size, size, 3) uint8 RGB to what it shows."""
        ...

    def close(self) -> None:
        """Frees what it holds; calling it twice does no harm."""
        ...
