"""`Avatar`: a portrait prepared once. Everything that depends on the photo alone is in it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pechead_live.avatar.personal import Personal
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import FaceModel
from pechead_live.frame import Pixels


@dataclass(frozen=True, kw_only=True, eq=False)
class Avatar:
    """A prepared portrait. Points are in the crop's picture coordinates (`avatar.plate`)."""

    name: str
    """What to call it; by default the photo's file name."""

    consent: str
    """Who allowed the portrait's use, in the words of whoever prepared it; never empty."""

    created: str
    """When it was prepared, ISO 8601, UTC."""

    person: Pixels
    """(P, W, 3) the person's own colours, continued beyond their edge; W is 16/9 P and the crop is
    the middle P x P square."""

    matte: npt.NDArray[np.uint8]
    """(P, W) 255 on the person."""

    background: Pixels
    """(P, W, 3) the stage without the person."""

    measured: Measurement
    """The portrait's face as the landmarker saw it; the file keeps this and no coefficients, so
    that an avatar does not depend on the face model of its day."""

    rest: Coefficients
    """Pose, expression and identity of the portrait itself, fitted to ``measured``."""

    delta: FloatArray
    """(478, 3) model space: what the face model lacks to meet ``points`` exactly at ``rest``."""

    digest: str
    """SHA-256 of what the photo gave, hexadecimal: the avatar's identity across machines."""

    personal: Personal | None = None
    """What a network has learned of this portrait from a clip; None if none has."""

    @property
    def points(self) -> FloatArray:
        """(478, 2) the portrait's measured face points."""
        return self.measured.points[:, :2]

    def shape(self, model: FaceModel, expression: FloatArray) -> FloatArray:
        """(478, 3) the portrait's own face with ``expression`` (52,), model space."""
        return model.shape(self.rest.identity, expression) + self.delta
