"""The Basel Face Model behind `LinearFaceModel`, from files that the user has a licence for.

Read is the layout that Deep3DFaceRecon's preparation script writes (``BFM_model_front.mat``: shape
of BFM 2009, expressions of FaceWarehouse, 35 709 points). Its axes are x right, y up, z to the
viewer, its unit is a decimetre, its indices count from 1. Here they become model space
(`pechead_live.coefficients`): turned by half a turn about x, the outer-eye distance 1, the centroid
at the origin.

Its expressions are principal components without a meaning of their own. They are named
``component_00`` and so on, so ARKit names do not reach them.

Source: Deng et al., Accurate 3D Face Reconstruction with Weakly-Supervised Learning (2019).
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.facemodel.linear import LinearFaceModel

ARRAYS = ("meanshape", "idBase", "exBase", "tri", "keypoints")
"""What is read of the file; textures and the rest are left."""

RIGHT_EYE, LEFT_EYE = 36, 45
"""Outer eye corners among the 68 landmarks, iBUG order."""

_AXES = np.array([1, -1, -1])


def load_bfm(path: Path) -> LinearFaceModel:
    """The model in ``path``; N, I and E are as many as the file holds.

    `MissingDependencyError` without SciPy, `InputError` for any other file.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingDependencyError(
            "a Basel Face Model is read with SciPy: run 'pip install pechead-live[bfm]'"
        ) from error
    if not path.is_file():
        raise InputError(f"there is no file {path}: give the path of BFM_model_front.mat")
    try:
        arrays: dict[str, Any] = loadmat(str(path), variable_names=ARRAYS)
        return _model(arrays)
    # SciPy's reader meets a broken file with whatever its parser runs into
    except Exception as error:
        raise InputError(
            f"{path} is not a Basel Face Model in Deep3DFaceRecon's layout "
            f"({type(error).__name__}: {error}): give its BFM_model_front.mat"
        ) from error


def _model(arrays: dict[str, Any]) -> LinearFaceModel:
    """`KeyError` or `ValueError` if an array is missing or does not fit the others."""
    raw: npt.NDArray[np.float64] = np.asarray(arrays["meanshape"], np.float64).reshape(-1, 3)
    mean = raw * _AXES
    landmarks = _from_one("keypoints", arrays["keypoints"].reshape(-1), len(mean))
    if len(landmarks) != 68:
        raise ValueError(f"keypoints holds {len(landmarks)} landmarks, not 68")
    eyes = mean[landmarks[LEFT_EYE]] - mean[landmarks[RIGHT_EYE]]
    if not eyes[0] > 0:
        raise ValueError("the left eye is not to the right of the right eye in x")
    unit = float(np.linalg.norm(eyes))
    expression = _basis("exBase", arrays["exBase"], len(mean), unit)
    return LinearFaceModel(
        mean=((mean - mean.mean(axis=0)) / unit).astype(np.float32),
        identity_basis=_basis("idBase", arrays["idBase"], len(mean), unit),
        expression_basis=expression,
        expression_names=tuple(f"component_{i:02d}" for i in range(len(expression))),
        landmark_indices=landmarks,
        triangles=_from_one("tri", arrays["tri"], len(mean)).reshape(-1, 3),
    )


def _basis(name: str, columns: npt.NDArray[Any], points: int, unit: float) -> FloatArray:
    """(K, N, 3) from the file's (N*3, K)."""
    if columns.ndim != 2 or len(columns) != points * 3:
        raise ValueError(f"{name} has shape {columns.shape}, not ({points * 3}, any)")
    basis = (columns.T.reshape(-1, points, 3) * _AXES / unit).astype(np.float32)
    if not np.isfinite(basis).all():
        raise ValueError(f"{name} is not finite")
    return basis


def _from_one(name: str, indices: npt.NDArray[Any], points: int) -> npt.NDArray[np.intp]:
    """Indices that count from 0; the file's count from 1."""
    result = indices.astype(np.intp) - 1
    if result.size == 0 or result.min() < 0 or result.max() >= points:
        raise ValueError(f"{name} points outside 1 to {points}")
    return result
