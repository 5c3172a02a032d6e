"""What a page needs of the face model to fit it as `facemodel.fit` does, as one file.

Little-endian: 4 bytes "PHPS", the length of the directory (uint32), the directory (JSON, UTF-8,
filled up with spaces so that what follows begins at a multiple of 8), then the arrays, each at a
multiple of 8. The directory::

    {
        "version": 1,
        "arrays": {name: {"type": "float16" | "float32", "shape": [...], "offset": bytes}},
        "settings": {name: number},
    }

Offsets count from the end of the directory. The arrays, with N points, I identity and E expression
directions:

    mean              (N, 3)     model space
    identity_basis    (I, N, 3)  model space per unit of alpha
    expression_basis  (E, N, 3)  model space at full expression
    weights           (N, 3)     of the coordinates in the fits of identity and expression
    steady            (N,)       of the points in the pose
    outward           (N,)       x over the half-width of the mesh, which says what is far
"""

import json
import struct
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.fit import (
    DEFAULT_FIT,
    FAR_SIDE,
    HIDDEN,
    LEAST_STIFF,
    SEEN,
    TOLERANCE,
    FitConfig,
)
from pechead_live.facemodel.model import FaceModel, load_face_model
from pechead_live.facemodel.stiffness import stiffness
from pechead_live.facemodel.topology import INNER_51, LEFT_IRIS, RIGHT_IRIS

MAGIC = b"PHPS"
VERSION = 1
_ALIGNED = 8


def page_solver(model: FaceModel | None = None, config: FitConfig = DEFAULT_FIT) -> bytes:
    """The file; without ``model`` that of the face model that ships with the package.

    The bases are float16, as a face model's file holds them.
    """
    model = model or load_face_model()
    mean = model.mean
    arrays: dict[str, npt.NDArray[np.floating]] = {
        "mean": mean,
        "identity_basis": model.identity_basis.astype(np.float16),
        "expression_basis": model.expression_basis.astype(np.float16),
        "weights": _weights(model, config),
        "steady": stiffness(mean, LEAST_STIFF),
        "outward": mean[:, 0] / np.abs(mean[:, 0]).max(),
    }
    settings: dict[str, float] = asdict(config) | {
        "seen": SEEN,
        "hidden": HIDDEN,
        "far_side": FAR_SIDE,
        "tolerance": TOLERANCE,
    }
    directory: dict[str, dict[str, object]] = {}
    body = b""
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        directory[name] = {
            "type": array.dtype.name,
            "shape": list(array.shape),
            "offset": len(body),
        }
        body += _filled_up(little.tobytes(), b"\0")
    text = json.dumps({"version": VERSION, "arrays": directory, "settings": settings}).encode()
    text = _filled_up(text, b" ")
    return MAGIC + struct.pack("<I", len(text)) + text + body


def _weights(model: FaceModel, config: FitConfig) -> FloatArray:
    """(N, 3) as `fit` weighs the coordinates; their sum does not grow with N."""
    weights = np.ones_like(model.mean)
    irises = (*range(RIGHT_IRIS, RIGHT_IRIS + 5), *range(LEFT_IRIS, LEFT_IRIS + 5))
    weights[[*INNER_51, *irises]] = config.inner_weight
    weights[:, 2] *= config.depth_weight
    return (weights / len(model.mean)).astype(np.float32)


def _filled_up(data: bytes, filling: bytes) -> bytes:
    return data + filling * (-len(data) % _ALIGNED)
