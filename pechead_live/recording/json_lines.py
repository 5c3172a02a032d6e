"""Recordings as JSON lines: one object a frame, for programs in other languages.

    {"captured_at": 0.04, "expression": {"jawOpen": 0.3},
     "rotation": {"yaw": 10, "pitch": 0, "roll": -2},
     "translation": [0, 0], "scale": 0.4, "confidence": 1}

Degrees and picture coordinates as in `Coefficients`; ``rotation`` may be a 3x3 matrix, rows first.
Whatever is left out has its default, ``captured_at`` the frame's number over the frame rate,
``identity`` (50 numbers) the previous frame's. The first frame may say ``fps``.
"""

import difflib
import json
import math
from typing import Any, cast

import numpy as np

from pechead_live.coefficients import (
    EXPRESSION_SIZE,
    IDENTITY_SIZE,
    Coefficients,
    FloatArray,
    euler_from_rotation,
    rotation_from_euler,
)
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_NAMES, expression_index
from pechead_live.recording.recording import (
    DEFAULT_FPS,
    Arrays,
    Recording,
    measured_fps,
    stack,
    unstack,
)

KEYS = (*Arrays._fields, "fps")
ANGLES = ("yaw", "pitch", "roll")


def encode_json_lines(recording: Recording) -> bytes:
    """A recording as JSON lines; expressions that are 0 are left out."""
    lines: list[str] = []
    identity = np.zeros(IDENTITY_SIZE, np.float32)
    for coefficients in recording.coefficients:
        angles = euler_from_rotation(coefficients.rotation.astype(np.float64))
        frame: dict[str, Any] = {} if lines else {"fps": recording.fps}
        frame |= {
            "captured_at": coefficients.captured_at,
            "expression": {
                name: round(float(value), 6)
                for name, value in zip(EXPRESSION_NAMES, coefficients.expression, strict=True)
                if value != 0
            },
            "rotation": {k: round(v, 5) for k, v in zip(ANGLES, angles, strict=True)},
            "translation": [round(float(value), 7) for value in coefficients.translation],
            "scale": coefficients.scale,
            "confidence": coefficients.confidence,
        }
        if not np.array_equal(coefficients.identity, identity):
            identity = coefficients.identity
            frame["identity"] = [round(float(value), 6) for value in identity]
        lines.append(json.dumps(frame, allow_nan=False))
    return ("\n".join(lines) + "\n").encode()


def decode_json_lines(content: bytes, name: str) -> Recording:
    """JSON lines as a recording; anything wrong raises `InputError`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"recording {name!r} is not a text file ({error}): check it") from error
    lines = [line for line in text.split("\n") if line.strip()]
    frames = [_parse(line, number, name) for number, line in enumerate(lines, start=1)]
    if not frames:
        raise InputError(f"recording {name!r} holds no frame: one JSON object a line is needed")
    rows: list[Coefficients] = []
    fps = _number(frames[0].get("fps", 0), f"recording {name!r}: fps of frame 1")
    identity = np.zeros(IDENTITY_SIZE, np.float32)
    for number, frame in enumerate(frames, start=1):
        where = f"of frame {number} of recording {name!r}"
        if "identity" in frame:
            identity = _vector(frame["identity"], IDENTITY_SIZE, f"identity {where}")
        rate = fps if fps > 0 else DEFAULT_FPS
        rows.append(_coefficients(frame, identity, (number - 1) / rate, where))
    captured_at = np.array([row.captured_at for row in rows])
    rate = fps if "fps" in frames[0] else measured_fps(captured_at)
    return unstack(stack(rows), rate, name)  # the checks are the same for every format


def _parse(line: str, number: int, name: str) -> dict[str, Any]:
    try:
        frame = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"recording {name!r} holds no JSON object in line {number}: it is cut off or damaged"
        ) from error
    if not isinstance(frame, dict):
        raise InputError(f"recording {name!r} holds no JSON object in line {number}: check it")
    frame = cast(dict[str, Any], frame)
    for key in frame:
        if key not in KEYS:
            near = difflib.get_close_matches(key[:100], KEYS, n=1, cutoff=0.0)[0]
            raise InputError(
                f"unknown field {key[:40]!r} in line {number} of recording {name!r}: "
                f"did you mean {near!r}?"
            )
    return frame


def _coefficients(
    frame: dict[str, Any], identity: FloatArray, captured_at: float, where: str
) -> Coefficients:
    default = Coefficients()
    expression = np.zeros(EXPRESSION_SIZE, np.float32)
    named = frame.get("expression", {})
    if not isinstance(named, dict):
        raise InputError(f"expression {where} must be an object of names and numbers")
    for key, value in cast(dict[str, Any], named).items():
        expression[expression_index(key[:100])] = _number(value, f"{key[:40]} {where}")
    translation = default.translation
    if "translation" in frame:
        translation = _vector(frame["translation"], 2, f"translation {where}")
    return Coefficients(
        identity=identity,
        expression=expression,
        rotation=_rotation(frame.get("rotation", {}), where),
        translation=translation,
        scale=_number(frame.get("scale", default.scale), f"scale {where}"),
        confidence=_number(frame.get("confidence", 1.0), f"confidence {where}"),
        captured_at=_number(frame.get("captured_at", captured_at), f"captured_at {where}"),
    )


def _rotation(value: Any, where: str) -> FloatArray:
    if isinstance(value, dict):
        angles = cast(dict[str, Any], value)
        if not set(angles) <= set(ANGLES):
            raise InputError(f"rotation {where} may have yaw, pitch and roll, nothing else")
        yaw, pitch, roll = (_number(angles.get(a, 0), f"{a} {where}") for a in ANGLES)
        return rotation_from_euler(yaw, pitch, roll)
    rows = cast(list[Any], value) if isinstance(value, list) else []
    if len(rows) != 3:
        raise InputError(f"rotation {where} must be yaw, pitch and roll in degrees or a 3x3 matrix")
    return np.stack([_vector(row, 3, f"rotation {where}") for row in rows])


def _vector(value: Any, size: int, what: str) -> FloatArray:
    numbers = cast(list[Any], value) if isinstance(value, list) else []
    if len(numbers) != size:
        raise InputError(f"{what} must be a list of {size} numbers")
    return np.array([_number(number, what) for number in numbers], np.float32)


def _number(value: Any, what: str) -> float:
    """A finite number within float32; bool is a number in Python and not here."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if abs(number) <= 1e30:
            return number
    raise InputError(f"{what} is {str(value)[:20]!r}: it must be a finite number")
