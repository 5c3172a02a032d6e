"""Live Link Face CSV: what Epic's iPhone app records from ARKit, read and written.

Columns: Timecode (HH:MM:SS:FF.fff), BlendshapeCount (61), the 52 expressions with a capital first
letter, then HeadYaw, HeadPitch, HeadRoll, LeftEyeYaw/Pitch/Roll, RightEyeYaw/Pitch/Roll in
radians. Columns are found by name, in any order and case.

Signs. Unreal's AppleARKitFaceMeshConversion.h takes the angles from ``FRotator`` of the head, whose
quaternion AppleARKitConversion.h makes from ARKit's (x, y, z, w) as (-z, x, y, -w). For ARKit's
face axes (x to the face's own left, y up, z out of the face) that gives, for small turns, HeadYaw =
-turn about y, HeadPitch = turn about x, HeadRoll = -turn about z: HeadYaw > 0 turns to the person's
own right, HeadPitch > 0 nods down, HeadRoll > 0 tilts to the own left shoulder. Eyes follow the
same rule, and in recordings of the app EyeLookOutLeft goes with a negative LeftEyeYaw and
EyeLookDown with a positive pitch. Ours: yaw = -HeadYaw, pitch = -HeadPitch, roll = HeadRoll. An
``FRotator`` turns by roll first, then pitch, then yaw; ours by pitch, yaw, roll: whole matrices are
converted, not angles.

A CSV has neither place nor size nor identity (the defaults of `Coefficients` are taken). A row
whose BlendshapeCount is 0 is a frame without a face. Timecodes count 60 frames a second in the app
whatever is recorded; other rates are recognised where the second turns over.
"""

import csv
import io
import math
import re

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import (
    IDENTITY_SIZE,
    Coefficients,
    FloatArray,
    rotation_from_euler,
)
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_INDEX, EXPRESSION_NAMES
from pechead_live.recording.recording import Arrays, Recording, measured_fps, unstack

HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
EYES = tuple(
    f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll")
)
EXPRESSIONS = tuple(name[0].upper() + name[1:] for name in EXPRESSION_NAMES)
COLUMNS = ("Timecode", "BlendshapeCount", *EXPRESSIONS, *HEAD, *EYES)

TIMECODE_RATE = 60
"""Frames a second in the timecodes of the app, and in ours."""

RATES = (24, 25, 30, 48, 50, 60, 120)

RADIANS_PER_LOOK = {"Out": 0.715, "In": 0.508, "Down": 0.610, "Up": 0.457}
"""Eye angle of an eyeLook score of 1, measured in recordings of the app."""

_TIMECODE = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})[:;](\d{1,3}(?:\.\d{1,9})?)")

DAY = 24 * 3600


def encode_csv(recording: Recording) -> bytes:
    """A recording as CSV, its times counted from its first frame."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    start = recording.coefficients[0].captured_at
    for coefficients in recording.coefficients:
        seen = coefficients.confidence > 0
        numbers = (
            *coefficients.expression,
            *head_angles(coefficients.rotation),
            *_eye_angles(coefficients),
        )
        timecode = format_timecode(coefficients.captured_at - start)
        count = len(numbers) if seen else 0
        writer.writerow((timecode, count, *(f"{number:.10f}" for number in numbers)))
    return text.getvalue().encode()


def decode_csv(content: bytes, name: str) -> Recording:
    """CSV as a recording that starts at 0 s; anything wrong raises `InputError`."""
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"recording {name!r} is not a CSV text file ({error}): export it again"
        ) from error
    columns = {column.strip().lower(): i for i, column in enumerate(rows[0])} if rows else {}
    needed = ("Timecode", *EXPRESSIONS)
    missing = [column for column in needed if column.lower() not in columns]
    if missing:
        listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        raise InputError(
            f"recording {name!r} has no column {listed}: it must be a Live Link Face CSV"
        )
    rows = [row for row in rows[1:] if row]
    if not rows:
        raise InputError(f"recording {name!r} has a header and no frame: record it again")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise InputError(
                f"recording {name!r} has {len(row)} instead of {len(columns)} values "
                f"in frame {number}: the file is cut off or damaged"
            )
    count = len(rows)
    expression = _numbers(rows, columns, EXPRESSIONS, name)
    present = HEAD if all(column.lower() in columns for column in HEAD) else ()
    head = _numbers(rows, columns, present, name) if present else np.zeros((count, 3))
    lost = np.zeros(count, bool)
    if "blendshapecount" in columns:
        lost = _numbers(rows, columns, ("BlendshapeCount",), name)[:, 0] == 0
    captured_at = _times([row[columns["timecode"]] for row in rows], name)
    default = Coefficients()
    arrays = Arrays(
        identity=np.zeros((count, IDENTITY_SIZE), np.float32),
        expression=expression.astype(np.float32),
        rotation=np.array([rotation_from_head_angles(*angles) for angles in head], np.float32),
        translation=np.tile(default.translation, (count, 1)),
        scale=np.full(count, default.scale),
        confidence=np.where(lost, 0.0, 1.0),
        captured_at=captured_at,
    )
    return unstack(arrays, measured_fps(captured_at), name)


def rotation_from_head_angles(yaw: float, pitch: float, roll: float) -> FloatArray:
    """HeadYaw, HeadPitch, HeadRoll in radians to our (3, 3) rotation."""
    turn = rotation_from_euler(-math.degrees(yaw), 0, 0)
    nod = rotation_from_euler(0, -math.degrees(pitch), 0)
    tilt = rotation_from_euler(0, 0, math.degrees(roll))
    return (turn @ nod @ tilt).astype(np.float32)


def head_angles(rotation: FloatArray) -> tuple[float, float, float]:
    """Our (3, 3) rotation to HeadYaw, HeadPitch, HeadRoll in radians."""
    matrix = rotation.astype(np.float64)
    pitch = -math.asin(max(-1.0, min(1.0, float(matrix[1, 2]))))
    yaw = math.atan2(float(matrix[0, 2]), float(matrix[2, 2]))
    roll = math.atan2(float(matrix[1, 0]), float(matrix[1, 1]))
    return yaw, pitch, roll


def format_timecode(seconds: float) -> str:
    """Seconds from midnight as HH:MM:SS:FF.fff at 60 frames a second."""
    thousandths = round(seconds * TIMECODE_RATE * 1000)
    whole, frames = divmod(thousandths, TIMECODE_RATE * 1000)
    minutes, second = divmod(whole % DAY, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frames // 1000:02d}.{frames % 1000:03d}"


def _eye_angles(coefficients: Coefficients) -> tuple[float, ...]:
    angles: list[float] = []
    for side, outwards in (("Left", -1), ("Right", 1)):
        look = {
            way: float(coefficients.expression[EXPRESSION_INDEX[f"eyeLook{way}{side}"]]) * factor
            for way, factor in RADIANS_PER_LOOK.items()
        }
        angles += [outwards * (look["Out"] - look["In"]), look["Down"] - look["Up"], 0.0]
    return tuple(angles)


def _numbers(
    rows: list[list[str]], columns: dict[str, int], names: tuple[str, ...], file: str
) -> npt.NDArray[np.float64]:
    values = np.empty((len(rows), len(names)))
    for number, row in enumerate(rows, start=1):
        for position, column in enumerate(names):
            word = row[columns[column.lower()]]
            try:
                value = float(word)
            except ValueError:
                value = math.nan
            if not math.isfinite(value):
                raise InputError(
                    f"recording {file!r} has {word[:20]!r} for {column} in frame {number}: "
                    "it must be a finite number"
                )
            values[number - 1, position] = value
    return values


def _times(timecodes: list[str], name: str) -> npt.NDArray[np.float64]:
    """Timecodes to (T,) seconds from the first one."""
    whole, frames = np.empty(len(timecodes)), np.empty(len(timecodes))
    for i, timecode in enumerate(timecodes):
        match = _TIMECODE.fullmatch(timecode.strip())
        if match is None:
            raise InputError(
                f"recording {name!r} has the timecode {timecode[:20]!r} in frame {i + 1}: "
                "it must look like HH:MM:SS:FF.fff"
            )
        whole[i] = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        frames[i] = float(match[4])
    times = whole + frames / _timecode_rate(whole, frames)
    times += np.cumsum(np.diff(times, prepend=times[0]) < -DAY / 2) * DAY  # past midnight
    return times - times[0]


def _timecode_rate(whole: npt.NDArray[np.float64], frames: npt.NDArray[np.float64]) -> int:
    """Frames a second in the timecodes: the app's 60, unless a turn of the second says less."""
    turns = np.flatnonzero(np.diff(whole) == 1)
    same = np.diff(frames)[np.diff(whole) == 0]
    rate = TIMECODE_RATE
    if len(turns) and len(same):
        step = float(np.median(same))
        estimate = float(np.median(frames[turns] + step - frames[turns + 1]))
        rate = min(RATES, key=lambda known: abs(known - estimate))
    return next((known for known in RATES if known >= max(rate, frames.max())), RATES[-1])
