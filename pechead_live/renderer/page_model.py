"""The face model as one binary file that a browser reads (`renderer/page/model.js`).

All little-endian: the four bytes ``PHFM``, the version and the length of the directory (uint32
each), the directory (JSON, UTF-8, filled up with spaces to a multiple of four bytes), then the
arrays. The directory is ``{"expressions": [52 names], "points": {name: vertex}, "arrays": {name:
[dtype, shape, offset, steps]}}``; ``offset`` counts bytes from the first array and is a multiple of
four. Of an array of whole numbers that stands for fractions, ``steps`` is what each of its rows is
multiplied by, else it is null.
"""

import json
import struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray
from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.facemodel.apertures import LID_PAIRS, follow_of
from pechead_live.facemodel.model import FaceModel, load_face_model
from pechead_live.facemodel.topology import (
    CHIN,
    FACE_OVAL,
    FOREHEAD,
    LEFT_IRIS,
    LOWER_INNER_LIP,
    NETWORK_LANDMARKS,
    RIGHT_IRIS,
    UPPER_INNER_LIP,
)

MAGIC, VERSION = b"PHFM", 1

_LARGEST = 32767


class _Stored(NamedTuple):
    """An array as it lies in the file, and the step of each of its rows."""

    array: npt.NDArray[Any]
    steps: list[float] | None = None


def page_model(model: FaceModel | None = None) -> bytes:
    """The file's bytes; of the shipped face model unless another is given."""
    model = model or load_face_model()
    right, left = follow_of(model).lids
    lips = follow_of(model).lips
    arrays = {
        "mean": _Stored(model.mean.astype("<f4")),
        "identity_basis": _in_steps(model.identity_basis),
        "expression_basis": _in_steps(model.expression_basis),
        "triangles": _indices(model.triangles),
        "head": _Stored(model.head.astype("<f4")),
        "head_normals": _Stored(model.head_normals.astype("<f4")),
        "follow_right_upper_lid": _in_steps(right[0].T),
        "follow_right_lower_lid": _in_steps(right[1].T),
        "follow_left_upper_lid": _in_steps(left[0].T),
        "follow_left_lower_lid": _in_steps(left[1].T),
        "follow_upper_lip": _in_steps(lips[0].T),
        "follow_lower_lip": _in_steps(lips[1].T),
        "right_upper_lid": _indices(LID_PAIRS[0][0]),
        "right_lower_lid": _indices(LID_PAIRS[0][1]),
        "left_upper_lid": _indices(LID_PAIRS[1][0]),
        "left_lower_lid": _indices(LID_PAIRS[1][1]),
        "upper_lip": _indices(UPPER_INNER_LIP),
        "lower_lip": _indices(LOWER_INNER_LIP),
        "oval": _indices(FACE_OVAL),
        "landmarks": _indices(NETWORK_LANDMARKS),
    }
    points = {"chin": CHIN, "forehead": FOREHEAD, "right_iris": RIGHT_IRIS, "left_iris": LEFT_IRIS}
    return _packed({"expressions": list(EXPRESSION_NAMES), "points": points}, arrays)


def _packed(directory: dict[str, Any], arrays: dict[str, _Stored]) -> bytes:
    told: dict[str, list[Any]] = {}
    body = b""
    for name, (array, steps) in arrays.items():
        told[name] = [array.dtype.name, array.shape, len(body), steps]
        body += _filled(array.tobytes(), b"\0")
    text = _filled(json.dumps({**directory, "arrays": told}).encode(), b" ")
    return MAGIC + struct.pack("<II", VERSION, len(text)) + text + body


def _filled(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % 4)


def _in_steps(rows: FloatArray) -> _Stored:
    """int16 with a step for each row (the first axis): off by half a 32767th of its largest."""
    largest = np.abs(rows).reshape(len(rows), -1).max(axis=1)
    steps = (largest / _LARGEST).astype(np.float32)
    shape = (-1, *[1] * (rows.ndim - 1))
    whole = np.round(rows / np.where(steps > 0, steps, 1).reshape(shape))
    return _Stored(whole.astype("<i2"), [float(step) for step in steps])


def _indices(values: Any) -> _Stored:
    return _Stored(np.asarray(values).astype("<u2"))
