"""The CSV of Epic's Live Link Face app."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from motion_samples import face, score

from pechead_live.coefficients import euler_from_rotation, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.recording import Recording, read_recording, write_recording
from pechead_live.recording.live_link_face import (
    COLUMNS,
    EXPRESSIONS,
    format_timecode,
    head_angles,
    rotation_from_head_angles,
)


def csv_text(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    """A file with ``rows``; what they do not name is 0."""
    lines = [",".join(columns)]
    for i, row in enumerate(rows):
        usual = {"Timecode": f"12:00:00:{2 * i:02d}.000", "BlendshapeCount": "61"}
        lines.append(",".join((usual | row).get(column, "0.0") for column in columns))
    return "\n".join(lines) + "\n"


def read_text(tmp_path: Path, text: str) -> Recording:
    path = tmp_path / "phone.csv"
    path.write_text(text)
    return read_recording(path)


def test_the_columns_are_those_of_the_app_in_its_order():
    assert len(COLUMNS) == 63
    assert COLUMNS[:5] == (
        "Timecode",
        "BlendshapeCount",
        "EyeBlinkLeft",
        "EyeLookDownLeft",
        "EyeLookInLeft",
    )
    assert COLUMNS[53:57] == ("TongueOut", "HeadYaw", "HeadPitch", "HeadRoll")
    assert COLUMNS[57:] == (
        "LeftEyeYaw",
        "LeftEyePitch",
        "LeftEyeRoll",
        "RightEyeYaw",
        "RightEyePitch",
        "RightEyeRoll",
    )


@pytest.mark.parametrize(
    ("column", "ours"),
    [("HeadYaw", (-20, 0, 0)), ("HeadPitch", (0, -20, 0)), ("HeadRoll", (0, 0, 20))],
)
def test_head_angles_have_the_signs_of_the_app(
    tmp_path: Path, column: str, ours: tuple[float, float, float]
):
    recording = read_text(tmp_path, csv_text({column: f"{math.radians(20)}"}))
    assert np.allclose(euler_from_rotation(recording.coefficients[0].rotation), ours, atol=1e-3)


def test_combined_head_angles_agree_with_unreals_conversion_of_an_arkit_quaternion():
    # ARKit axes (x right in the picture, y up, z to the viewer) against ours (y down, z away).
    ours = rotation_from_euler(25, -15, 10).astype(np.float64)
    flip = np.diag([1.0, -1.0, -1.0])
    arkit = flip @ ours @ flip
    w = math.sqrt(1 + np.trace(arkit)) / 2
    x, y, z = (
        (arkit[2, 1] - arkit[1, 2]) / (4 * w),
        (arkit[0, 2] - arkit[2, 0]) / (4 * w),
        (arkit[1, 0] - arkit[0, 1]) / (4 * w),
    )
    X, Y, Z, W = -z, x, y, -w  # AppleARKitConversion.h
    yaw = math.atan2(2 * (W * Z + X * Y), 1 - 2 * (Y * Y + Z * Z))  # FQuat::Rotator
    pitch = math.asin(2 * (Z * X - W * Y))
    roll = math.atan2(-2 * (W * X + Y * Z), 1 - 2 * (X * X + Y * Y))
    assert np.allclose(head_angles(ours.astype(np.float32)), (yaw, pitch, roll), atol=1e-5)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_head_angles_come_back(yaw: float, pitch: float, roll: float):
    angles = head_angles(rotation_from_head_angles(yaw, pitch, roll))
    assert np.allclose(angles, (yaw, pitch, roll), atol=1e-5)


def test_columns_may_come_in_any_order_and_case(tmp_path: Path):
    columns = tuple(column.upper() for column in reversed(COLUMNS))
    row = {"TIMECODE": "12:00:00:00.000", "JAWOPEN": "0.25"}
    recording = read_text(tmp_path, csv_text(row, columns=columns))
    assert score(recording.coefficients[0], "jawOpen") == 0.25


def test_a_file_without_head_angles_keeps_the_head_still(tmp_path: Path):
    columns = ("Timecode", *EXPRESSIONS)
    recording = read_text(tmp_path, csv_text({"TongueOut": "1"}, columns=columns))
    assert np.array_equal(recording.coefficients[0].rotation, np.eye(3))
    assert score(recording.coefficients[0], "tongueOut") == 1


@pytest.mark.parametrize(("rate", "fps"), [(60, 60), (60, 30), (30, 30), (25, 25), (24, 24)])
def test_timecodes_of_any_rate_become_seconds(tmp_path: Path, rate: int, fps: int):
    frames = [i * rate // fps for i in range(3 * fps)]
    rows = [{"Timecode": f"00:00:{f // rate:02d}:{f % rate:02d}.000"} for f in frames]
    recording = read_text(tmp_path, csv_text(*rows))
    assert recording.fps == pytest.approx(fps, rel=1e-3)
    assert recording.coefficients[-1].captured_at == pytest.approx(3 - 1 / fps, abs=1e-6)


def test_midnight_does_not_turn_time_back(tmp_path: Path):
    rows = ({"Timecode": "23:59:59:58.000"}, {"Timecode": "00:00:00:00.000"})
    recording = read_text(tmp_path, csv_text(*rows))
    assert recording.coefficients[1].captured_at == pytest.approx(2 / 60)


def test_the_fraction_of_a_timecode_never_reaches_the_next_second():
    assert format_timecode(0.9999999) == "00:00:01:00.000"
    assert format_timecode(3661.5) == "01:01:01:30.000"


def test_eye_angles_are_written_with_the_signs_of_the_app(tmp_path: Path):
    path = tmp_path / "eyes.csv"
    look = face(eyeLookOutLeft=0.5, eyeLookInRight=0.6, eyeLookDownLeft=0.5, eyeLookDownRight=0.5)
    write_recording(Recording(coefficients=(look,), fps=25.0), path)
    header, row = (line.split(",") for line in path.read_text().splitlines())
    values = dict(zip(header, row, strict=True))
    assert float(values["LeftEyeYaw"]) < -0.3
    assert float(values["RightEyeYaw"]) < -0.3
    assert float(values["LeftEyePitch"]) > 0.3


BAD = {
    "missing columns": (csv_text({}, columns=COLUMNS[:-20]), "MouthUpperUp|BrowDown"),
    "not a number": (csv_text({}, {"JawOpen": "nan"}), "JawOpen in frame 2"),
    "infinite": (csv_text({"HeadYaw": "inf"}), "HeadYaw in frame 1"),
    "a word": (csv_text({"JawOpen": "wide"}), "wide"),
    "cut off": (csv_text({}, {})[:-40], "frame 2"),
    "only a header": (csv_text(), "no frame"),
    "no timecode": (csv_text({"Timecode": "noon"}), "HH:MM:SS:FF.fff"),
    "time stands": (csv_text({}, {"Timecode": "12:00:00:00.000"}), "must grow"),
    "percent": (csv_text({"JawOpen": "73"}), "percent"),
    "open quote": ('Timecode,"JawOpen\n', "CSV"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_csv_is_refused_with_the_reason(tmp_path: Path, case: str):
    text, reason = BAD[case]
    with pytest.raises(InputError, match=reason):
        read_text(tmp_path, text)
