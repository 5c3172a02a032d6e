"""`FaceModel`: our own linear face model, learned from measurements, as one small file.

It is learned by `pechead_live.facemodel.learn` (command: ``pechead-live facemodel fit``);
``face_model.md`` beside the file says from what.
"""

import io
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE, Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.facemodel.linear import LinearFaceModel, project
from pechead_live.facemodel.measurement import POINTS
from pechead_live.whole_file import write_whole

FORMAT_VERSION = 1

_MIRROR = np.array([[-1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceModel(LinearFaceModel):
    """Our own model of MediaPipe's 478 points, which has mirror symmetry and a whole head."""

    mirror_points: npt.NDArray[np.intp]
    """(N,) the point that each point becomes in a mirror."""

    mirror_identity: FloatArray
    """(I,) +1 for a symmetric direction, -1 for one that changes sign in a mirror."""

    mirror_expression: npt.NDArray[np.intp]
    """(E,) the expression that each expression becomes in a mirror."""

    head: FloatArray
    """(M, 3) points of the head beyond the mesh (crown, sides, back); see `head.py`."""

    head_normals: FloatArray
    """(M, 3) outward unit normals there."""

    def displacement(self, coefficients: Coefficients, other: Coefficients) -> FloatArray:
        """(N, 2) how far each point moves in the picture from ``coefficients`` to ``other``."""
        return points_of(self, other) - points_of(self, coefficients)

    def mirror(self, coefficients: Coefficients) -> Coefficients:
        """The same face seen in a mirror: left and right swap, the picture's x changes sign."""
        return Coefficients(
            identity=coefficients.identity * self.mirror_identity,
            expression=coefficients.expression[self.mirror_expression],
            rotation=(_MIRROR @ coefficients.rotation @ _MIRROR).astype(np.float32),
            translation=coefficients.translation * np.array([-1, 1], np.float32),
            scale=coefficients.scale,
            confidence=coefficients.confidence,
            captured_at=coefficients.captured_at,
        )


def points_of(model: FaceModel, coefficients: Coefficients) -> FloatArray:
    """(N, 2) picture coordinates of the model's points under ``coefficients``."""
    c = coefficients
    return project(model.shape(c.identity, c.expression), c.rotation, c.translation, c.scale)


def save_face_model(model: FaceModel, path: Path) -> None:
    """Writes our own model as one compressed file (float16, no pickle). Raises `OutputError`."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        version=np.int32(FORMAT_VERSION),
        mean=model.mean,
        identity_basis=model.identity_basis.astype(np.float16),
        expression_basis=model.expression_basis.astype(np.float16),
        landmark_indices=model.landmark_indices.astype(np.int16),
        triangles=model.triangles.astype(np.int16),
        mirror_points=model.mirror_points.astype(np.int16),
        mirror_identity=model.mirror_identity,
        mirror_expression=model.mirror_expression.astype(np.int16),
        head=model.head.astype(np.float16),
        head_normals=model.head_normals.astype(np.float16),
    )
    write_whole(path, file.getvalue())


def read_face_model(path: Path) -> FaceModel:
    """Reads what `save_face_model` wrote; `InputError` if the file is something else."""
    advice = "make it anew with 'pechead-live facemodel fit'"
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays: dict[str, npt.NDArray[Any]] = {name: data[name] for name in data.files}
        version = int(arrays.get("version", np.int32(0)))
        if version != FORMAT_VERSION:
            raise InputError(
                f"{path} is a face model of version {version}, "
                f"this program reads version {FORMAT_VERSION}: {advice}"
            )
        return _checked(arrays)
    except InputError:
        raise
    except (
        AttributeError,  # a bare array has no `files`
        EOFError,
        KeyError,
        NotImplementedError,
        OSError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        tokenize.TokenError,  # numpy, of a damaged header
        SyntaxError,
        zlib.error,
    ) as error:
        raise InputError(f"{path} is not a face model, or broken ({error}): {advice}") from error


def _checked(arrays: dict[str, npt.NDArray[Any]]) -> FaceModel:
    """The model in ``arrays``; `ValueError` or `KeyError` says what does not fit."""

    def real(name: str, *shape: int) -> FloatArray:
        array = arrays[name].astype(np.float32)
        _check_shape(name, array, shape)
        if not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")
        return array

    def index(name: str, below: int, *shape: int) -> npt.NDArray[np.intp]:
        array = arrays[name].astype(np.intp)
        _check_shape(name, array, shape)
        if array.size and not 0 <= array.min() <= array.max() < below:
            raise ValueError(f"{name} points outside 0 to {below - 1}")
        return array

    return FaceModel(
        mean=real("mean", POINTS, 3),
        identity_basis=real("identity_basis", IDENTITY_SIZE, POINTS, 3),
        expression_basis=real("expression_basis", EXPRESSION_SIZE, POINTS, 3),
        expression_names=EXPRESSION_NAMES,
        landmark_indices=index("landmark_indices", POINTS, 68),
        triangles=index("triangles", POINTS, -1, 3),
        mirror_points=index("mirror_points", POINTS, POINTS),
        mirror_identity=real("mirror_identity", IDENTITY_SIZE),
        mirror_expression=index("mirror_expression", EXPRESSION_SIZE, EXPRESSION_SIZE),
        head=real("head", -1, 3),
        head_normals=real("head_normals", *arrays["head"].shape),
    )


def _check_shape(name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    """`ValueError` unless ``array`` has ``shape``; -1 is any length."""
    if len(array.shape) != len(shape) or any(
        want not in (-1, have) for want, have in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(f"{name} has shape {array.shape}, not {shape}")


@cache
def load_face_model() -> FaceModel:
    """The face model that ships with the package."""
    with resources.as_file(resources.files("pechead_live.facemodel") / "face_model.npz") as path:
        return read_face_model(path)
