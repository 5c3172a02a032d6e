"""Which faces of a photo can become an avatar."""

from typing import cast

import numpy as np
import pytest

from pechead_live.avatar.prepare import find_face
from pechead_live.coefficients import rotation_from_euler
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import NoFaceError
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.frame import Pixels

PHOTO = np.full((400, 400, 3), 128, np.uint8)


class SeesOneFace:
    """Sees the same face in every picture."""

    def __init__(self, measurement: Measurement) -> None:
        self._measurement = measurement

    def measure(self, pixels: Pixels, captured_at: float = 0.0) -> Measurement:
        """The face."""
        return self._measurement


def mean_face(yaw: float, pitch: float, scale: float) -> Landmarker:
    points = load_face_model().mean @ rotation_from_euler(yaw, pitch, 0).T * scale
    face = Measurement(points.astype(np.float32), np.zeros(52, np.float32), 1.0, 1)
    return cast("Landmarker", SeesOneFace(face))


@pytest.mark.parametrize(("yaw", "pitch"), [(55.0, 0.0), (-50.0, 0.0), (0.0, 45.0), (0.0, -45.0)])
def test_a_face_turned_too_far_is_refused_with_its_angles(yaw: float, pitch: float):
    with pytest.raises(NoFaceError, match=r"side.jpg is turned too far \(yaw -?\d+, pitch -?\d+"):
        find_face(PHOTO, mean_face(yaw, pitch, 0.6), "side.jpg")


@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, 0.0), (30.0, 0.0), (-30.0, 10.0)])
def test_a_face_that_looks_about_ahead_is_taken(yaw: float, pitch: float):
    assert find_face(PHOTO, mean_face(yaw, pitch, 0.6), "face.jpg").faces == 1


def test_a_face_that_is_too_small_is_refused_with_its_size():
    with pytest.raises(NoFaceError, match=r"only \d+ pixels large: give a photo with .* 64"):
        find_face(PHOTO, mean_face(0, 0, 0.15), "far.jpg")
