"""The Reconstructor as a tracker: R reads each frame's crop, and the face read says where the next
one lies. The face finder (MediaPipe) is asked only where there is nothing to follow, and now and
then whether what is followed is a face."""

import logging
import math
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from pechead_live.coefficients import IDENTITY_SIZE, Coefficients, FloatArray
from pechead_live.facemodel.face_crop import (
    FaceCrop,
    crop_around,
    into_picture,
    points_into_picture,
)
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import FaceModel, points_of
from pechead_live.facemodel.topology import LEFT_OUTER_EYE, NETWORK_LANDMARKS, RIGHT_OUTER_EYE
from pechead_live.frame import Frame, Pixels
from pechead_live.tracker.crop_following import FollowingConfig, drifted, follow, usable
from pechead_live.tracker.crop_pixels import cut
from pechead_live.tracker.reconstructor_network import CropReading, ReconstructorNetwork

logger = logging.getLogger(__name__)

VERIFIED_GROWTH, VERIFIED_SIZE = 1.6, 256
"""Of the picture in which the finder looks for the face again: its side over the crop's, pixels."""

_LANDMARKS = list(NETWORK_LANDMARKS)


class FaceFinder(Protocol):
    """What finds a face in a picture; `Landmarker` does, with ``still=True``."""

    def measure(self, pixels: Pixels, captured_at: float = 0.0) -> Measurement | None:
        """The largest face; None when there is none."""
        ...

    def close(self) -> None:
        """Frees what it holds."""
        ...


@dataclass(frozen=True, kw_only=True)
class ReconstructorTrackerConfig:
    """When a face is believed, and when one is looked for."""

    confidence: float = 0.5
    """Below this R sees no face in its crop."""

    largest_turn: float = 80.0
    """Degrees of yaw and pitch together beyond which no face is seen."""

    search_s: float = 0.25
    """Seconds between two searches of the whole picture while there is no face."""

    verify_s: float = 3.0
    """Seconds after which the face finder is asked whether the crop still holds a face; 0: never.
    """

    calibration_frames: int = 60
    """Frames over which a person's identity is averaged; then it is frozen, as `fit` does. Twice as
    many: R guesses it anew from each picture."""

    following: FollowingConfig = field(default_factory=FollowingConfig)
    """How the crop follows."""

    def __post_init__(self) -> None:
        if not 0 <= self.confidence < 1 or not 0 < self.largest_turn < 90:
            raise ValueError(f"{self}: confidence in [0, 1), largest_turn in (0, 90) degrees")
        if min(self.search_s, self.verify_s, self.calibration_frames) < 0:
            raise ValueError(f"{self}: search_s, verify_s and calibration_frames must be >= 0")


class IdentityState(NamedTuple):
    """What is known of the person so far."""

    total: FloatArray
    """(50,) weighted sum of what R read."""

    weight: float
    """Sum of the weights."""

    frames: int
    """Frames in it."""


class ReconstructorTracker:
    """Frame to coefficients, of one person's stream. It keeps the identity it has learned."""

    def __init__(
        self,
        network: ReconstructorNetwork,
        finder: FaceFinder,
        face_model: FaceModel,
        config: ReconstructorTrackerConfig | None = None,
    ) -> None:
        self._network, self._finder, self._model = network, finder, face_model
        self._config = config or ReconstructorTrackerConfig()
        self._crop: FaceCrop | None = None
        self._searched_at = self._verified_at = -math.inf
        self._identity = IdentityState(np.zeros(IDENTITY_SIZE, np.float32), 0.0, 0)

    @property
    def provider(self) -> str:
        """What really runs R."""
        return self._network.provider

    def track(self, frame: Frame) -> Coefficients | None:
        """Coefficients of the face that is followed, first the largest; None when there is none."""
        config, now = self._config, frame.captured_at
        if self._crop is not None and 0 < config.verify_s <= now - self._verified_at:
            self._crop = self._crop if self._verified(frame, self._crop) else None
        seen = self._read(frame)
        # a clock that runs backwards is that of a clip that begins anew
        if seen is None and not 0 <= now - self._searched_at < config.search_s:
            self._crop = self._found(frame)
            seen = self._read(frame)
        return seen

    def close(self) -> None:
        """Frees the network and the face finder."""
        self._network.close()
        self._finder.close()

    def _read(self, frame: Frame) -> Coefficients | None:
        """What the crop shows; moves the crop, or gives it up."""
        crop, self._crop = self._crop, None
        if crop is None:
            return None
        height, width = frame.pixels.shape[:2]
        reading = self._network.read(cut(frame.pixels, crop, self._network.size))
        if not self._believed(reading):
            logger.debug("lost the face at %.3f s: confidence %.2f", frame.captured_at, reading[-1])
            return None
        self._identity = learned(self._identity, reading, self._config.calibration_frames)
        seen = into_picture(
            Coefficients(
                identity=identity_of(self._identity),
                expression=reading.expression,
                rotation=reading.rotation,
                translation=reading.translation,
                scale=reading.scale,
                confidence=reading.confidence,
                captured_at=frame.captured_at,
            ),
            crop,
        )
        face = crop_around(points_of(self._model, seen)[_LANDMARKS], _roll_of(seen.rotation))
        following = self._config.following
        if drifted(crop, face, following) or not usable(face, width, height, following):
            logger.debug("lost the face at %.3f s: it left its crop", frame.captured_at)
            return None
        self._crop = follow(crop, face, following)
        return seen

    def _believed(self, reading: CropReading) -> bool:
        place = [reading.scale, reading.confidence]
        numbers = (reading.identity, reading.expression, reading.rotation, reading.translation)
        if not all(bool(np.isfinite(each).all()) for each in (*numbers, place)):
            return False
        turned = float(reading.rotation[2, 2]) < math.cos(math.radians(self._config.largest_turn))
        return reading.confidence >= self._config.confidence and reading.scale > 0 and not turned

    def _found(self, frame: Frame) -> FaceCrop | None:
        """The crop of the largest face in the picture."""
        self._searched_at = self._verified_at = frame.captured_at
        height, width = frame.pixels.shape[:2]
        measured = self._finder.measure(frame.pixels, frame.captured_at)
        crop = None if measured is None else _crop_of(measured.points)
        return crop if crop and usable(crop, width, height, self._config.following) else None

    def _verified(self, frame: Frame, crop: FaceCrop) -> bool:
        """Whether the finder sees the face too: it looks round the crop only, so that another
        person in the picture is not taken for it."""
        self._verified_at = frame.captured_at
        around = crop._replace(half=VERIFIED_GROWTH * crop.half)
        measured = self._finder.measure(cut(frame.pixels, around, VERIFIED_SIZE))
        if measured is not None:
            points = points_into_picture(measured.points, around)
            if not drifted(crop, _crop_of(points), self._config.following):
                return True
        logger.debug("the face is not where it seemed to be at %.3f s", frame.captured_at)
        return False


def learned(state: IdentityState, reading: CropReading, frames: int) -> IdentityState:
    """``state`` after one more picture of the person; a face turned away tells less."""
    if state.frames >= frames:
        return state
    frontal = float(reading.rotation[2, 2]) ** 4
    return IdentityState(
        (state.total + frontal * reading.identity).astype(np.float32),
        state.weight + frontal,
        state.frames + 1,
    )


def identity_of(state: IdentityState) -> FloatArray:
    """(50,) the mean of what was read; the mean face before that."""
    return (state.total / max(state.weight, 1e-6)).astype(np.float32)


def _crop_of(points: FloatArray) -> FaceCrop:
    """Round a face measured at ``points`` (478, 2 or more), picture coordinates."""
    x, y = points[LEFT_OUTER_EYE, :2] - points[RIGHT_OUTER_EYE, :2]
    return crop_around(points[_LANDMARKS], math.atan2(float(y), float(x)))


def _roll_of(rotation: FloatArray) -> float:
    return math.atan2(float(rotation[1, 0]), float(rotation[0, 0]))
