"""CSIM-dlib: is it still the same person, by dlib's face recognition network.

The field reports CSIM with ArcFace, whose weights may not be redistributed. This one uses dlib's
ResNet, 128 numbers (King 2017, CC0), so its values compare with each other only and must always be
called *CSIM-dlib*. Two pictures of one person lie nearer than 0.6 (Euclidean); the cosine is high
for any two faces, because dlib trained for distance: read both.
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.errors import MissingDependencyError
from pechead_live.footage.points import to_pixels
from pechead_live.frame import Pixels

NETWORK = "dlib_face_recognition_resnet_model_v1.dat"

CARRIER = "face_recognition_models"
"""The package that carries `NETWORK`; only looked into, never imported (it wants pkg_resources)."""

ADVICE = "run pip install 'pechead-live[evaluation]'"

FIVE_POINTS = (263, 362, 33, 133, 2)
"""Of MediaPipe's points, those of dlib's five-point layout in its order: outer and inner corner of
the person's left eye, the same of the right, the foot of the nose."""


class FaceEmbedder:
    """dlib's face recognition network."""

    def __init__(self) -> None:
        """Raises `MissingDependencyError` when dlib or its network is not installed."""
        network = find_network()
        try:
            dlib: Any = importlib.import_module("dlib")
        except (ImportError, OSError) as error:
            raise MissingDependencyError(
                f"CSIM-dlib needs dlib, which cannot be loaded ({error}): {ADVICE}"
            ) from error
        self._dlib = dlib
        self._network: Any = dlib.face_recognition_model_v1(str(network))

    def embed(self, pixels: Pixels, points: FloatArray) -> FloatArray:
        """(128,) of the face at ``points`` (478, 2 or more), picture coordinates of ``pixels``."""
        height, width = pixels.shape[:2]
        five = to_pixels(points[list(FIVE_POINTS)], width, height)
        parts = [self._dlib.point(round(float(x)), round(float(y))) for x, y in five]
        box = self._dlib.rectangle(0, 0, width, height)
        face = self._dlib.full_object_detection(box, parts)
        numbers: Any = self._network.compute_face_descriptor(np.ascontiguousarray(pixels), face)
        return np.array(numbers, np.float32)


def find_network() -> Path:
    """The file of dlib's network inside its installed package."""
    spec = importlib.util.find_spec(CARRIER)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / "models" / NETWORK).is_file():
            return path
    raise MissingDependencyError(f"CSIM-dlib needs {NETWORK}, which {CARRIER} carries: {ADVICE}")


def csim_dlib(source: FloatArray, generated: FloatArray) -> float:
    """Cosine of two embeddings (128,), [-1, 1]; 1 is the same picture."""
    lengths = float(np.linalg.norm(source)) * float(np.linalg.norm(generated))
    return float(np.dot(source, generated)) / lengths


def distance_dlib(source: FloatArray, generated: FloatArray) -> float:
    """Euclidean distance of two embeddings (128,); dlib takes below 0.6 for the same person."""
    return float(np.linalg.norm(source - generated))
