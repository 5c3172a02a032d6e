"""CSIM-ArcFace: the field's identity measure, with a network that the user supplies.

ArcFace's weights (Deng et al. 2019) may not be redistributed, so an ONNX file of them is given by
its path. Different files give different values: name the file with every figure.
"""

import importlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.facemodel.topology import LEFT_IRIS, NOSE_TIP, RIGHT_IRIS
from pechead_live.footage.points import to_pixels
from pechead_live.frame import Pixels, check_pixels
from pechead_live.reachable import is_file

SIDE = 112
"""Pixels of the aligned face."""

FIVE_POINTS = (RIGHT_IRIS, LEFT_IRIS, NOSE_TIP, 61, 291)
"""Of MediaPipe's points: both eyes, the nose's tip, both corners of the mouth; the person's right
first, which is on the picture's left."""

TEMPLATE = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
"""Where they lie in the aligned face, pixels (x, y) (insightface, face_align.py)."""

_MIDDLE = 127.5  # both offset and divisor of 8-bit values, as the published networks take them


class ArcFaceEmbedder:
    """An ArcFace network in an ONNX file."""

    def __init__(self, path: Path) -> None:
        """Raises `MissingDependencyError` without onnxruntime, `InputError` for another file."""
        try:
            onnxruntime: Any = importlib.import_module("onnxruntime")
        except (ImportError, OSError) as error:
            raise MissingDependencyError(
                f"CSIM-ArcFace needs onnxruntime, which cannot be loaded ({error}): "
                "run pip install onnxruntime"
            ) from error
        if not is_file(path):
            raise InputError(f"there is no file {path}: give the ONNX file of an ArcFace network")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no other parent
            raise InputError(
                f"{path} cannot be loaded ({error}): give the ONNX file of an ArcFace network"
            ) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shape = inputs[0].shape if len(inputs) == 1 and len(outputs) == 1 else None
        if shape is None or list(shape[1:]) != [3, SIDE, SIDE]:
            raise InputError(
                f"{path} takes {[list(port.shape) for port in inputs]} and gives {len(outputs)} "
                f"results: an ArcFace network takes one (1, 3, {SIDE}, {SIDE}) and gives one"
            )
        self._port: str = inputs[0].name
        self.name = path.name
        """Of the file, for the table's heading."""

    def embed(self, pixels: Pixels, points: FloatArray) -> FloatArray:
        """(D,) of the face at ``points`` (478, 2 or more), picture coordinates of ``pixels``."""
        face = aligned_face(pixels, points).astype(np.float32)
        port = np.ascontiguousarray((face - _MIDDLE).transpose(2, 0, 1)[None] / _MIDDLE)
        (result,) = self._session.run(None, {self._port: port})
        return np.asarray(result, np.float32).reshape(-1)


def aligned_face(pixels: Pixels, points: FloatArray) -> Pixels:
    """(112, 112, 3) with the five points nearest to `TEMPLATE`; what lies outside is black."""
    check_pixels(pixels)
    if not np.isfinite(points).all():
        raise InputError("the face's points hold NaN: leave pictures without a face out")
    height, width = pixels.shape[:2]
    five = to_pixels(points[list(FIVE_POINTS)], width, height)
    matrix = _nearest_similarity(five, np.array(TEMPLATE, np.float32))
    return np.asarray(cv2.warpAffine(pixels, matrix, (SIDE, SIDE)), np.uint8)


def csim_arcface(source: FloatArray, generated: FloatArray) -> float:
    """Cosine of two embeddings (D,), [-1, 1]; 1 is the same picture."""
    lengths = float(np.linalg.norm(source)) * float(np.linalg.norm(generated))
    return float(np.dot(source, generated)) / lengths


def _nearest_similarity(start: FloatArray, end: FloatArray) -> npt.NDArray[np.float64]:
    """(2, 3) turn, scale and shift that bring (N, 2) ``start`` nearest to ``end``, least squares.

    As complex numbers: ``end = a * start + b``.
    """
    x, y = (points[:, 0] + 1j * points[:, 1] for points in (start, end))
    x0, y0 = x.mean(), y.mean()
    factor = np.vdot(x - x0, y - y0) / max(np.vdot(x - x0, x - x0).real, 1e-9)
    shift = y0 - factor * x0
    turn = ((factor.real, -factor.imag, shift.real), (factor.imag, factor.real, shift.imag))
    return np.array(turn, np.float64)
