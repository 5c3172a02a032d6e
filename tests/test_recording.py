"""Recordings in their three formats."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from motion_samples import face, random_recording, score, seeds

from pechead_live.coefficients import Coefficients, euler_from_rotation, rotation_from_euler
from pechead_live.errors import InputError, OutputError
from pechead_live.recording import Recording, read_recording, write_recording
from pechead_live.rotation import angle_between

SUFFIXES = (".npz", ".csv", ".jsonl")


def written_and_read(recording: Recording, path: Path, *, compact: bool = False) -> Recording:
    write_recording(recording, path, compact=compact)
    return read_recording(path)


def assert_same_motion(
    recording: Recording, other: Recording, tolerance: float, turn: float = 0.01
) -> None:
    assert len(recording.coefficients) == len(other.coefficients)
    for one, two in zip(recording.coefficients, other.coefficients, strict=True):
        assert np.abs(one.expression - two.expression).max() <= tolerance
        assert angle_between(one.rotation, two.rotation) <= turn
        assert (one.confidence > 0) == (two.confidence > 0)
        assert one.captured_at == pytest.approx(two.captured_at, abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_every_format_gives_the_motion_back(tmp_path_factory: pytest.TempPathFactory, seed: int):
    recording = random_recording(seed)
    for suffix in SUFFIXES:
        path = tmp_path_factory.mktemp("recording") / f"motion{suffix}"
        other = written_and_read(recording, path)
        assert_same_motion(recording, other, 1e-4)
        assert other.fps == pytest.approx(recording.fps, abs=0.01)


def test_an_exact_npz_gives_every_number_back(tmp_path: Path):
    recording = random_recording(1)
    other = written_and_read(recording, tmp_path / "motion.npz")
    for one, two in zip(recording.coefficients, other.coefficients, strict=True):
        for name in ("identity", "expression", "rotation", "translation"):
            assert np.array_equal(getattr(one, name), getattr(two, name))
        assert (one.scale, one.confidence, one.captured_at) == (
            two.scale,
            two.confidence,
            two.captured_at,
        )


def test_json_lines_keep_place_size_and_identity(tmp_path: Path):
    recording = random_recording(2)
    other = written_and_read(recording, tmp_path / "motion.jsonl")
    for one, two in zip(recording.coefficients, other.coefficients, strict=True):
        assert np.allclose(one.identity, two.identity, atol=1e-5)
        assert np.allclose(one.translation, two.translation, atol=1e-6)
        assert one.scale == pytest.approx(two.scale)


def test_a_compact_recording_is_rounded_below_what_can_be_seen(tmp_path: Path):
    recording = random_recording(3)
    other = written_and_read(recording, tmp_path / "motion.npz", compact=True)
    assert_same_motion(recording, other, 0.002, turn=0.05)
    for one, two in zip(recording.coefficients, other.coefficients, strict=True):
        assert np.allclose(one.translation, two.translation, atol=3e-4)
        assert np.allclose(one.identity, two.identity, atol=2e-3)
        assert two.scale == pytest.approx(one.scale, rel=1e-3)


def test_ten_seconds_of_the_wildest_motion_fit_in_30_kb(tmp_path: Path):
    write_recording(random_recording(4, frames=250), tmp_path / "motion.npz", compact=True)
    assert (tmp_path / "motion.npz").stat().st_size <= 30_000


def test_only_an_npz_can_be_compact(tmp_path: Path):
    with pytest.raises(InputError, match="compact"):
        write_recording(random_recording(5), tmp_path / "motion.csv", compact=True)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_frame_without_a_face_stays_one(tmp_path: Path, suffix: str):
    seen, lost = face(jawOpen=0.5), replace(face(at=0.04), confidence=0.0)
    recording = Recording(coefficients=(seen, lost), fps=25.0)
    other = written_and_read(recording, tmp_path / f"motion{suffix}")
    assert [c.confidence for c in other.coefficients] == [1.0, 0.0]
    assert other.faces == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_single_frame_is_a_recording(tmp_path: Path, suffix: str):
    other = written_and_read(
        Recording(coefficients=(face(yaw=20),), fps=25.0), tmp_path / f"motion{suffix}"
    )
    yaw, _, _ = euler_from_rotation(other.coefficients[0].rotation)
    assert (yaw, other.fps) == (pytest.approx(20, abs=1e-3), 25.0)


def test_json_lines_may_leave_out_almost_everything(tmp_path: Path):
    path = tmp_path / "hand.jsonl"
    path.write_text('{"fps": 50}\n{"expression": {"jawOpen": 0.5}}\n{"rotation": {"yaw": -30}}\n')
    recording = read_recording(path)
    assert [c.captured_at for c in recording.coefficients] == [0.0, 0.02, 0.04]
    assert score(recording.coefficients[1], "jawOpen") == 0.5
    assert euler_from_rotation(recording.coefficients[2].rotation)[0] == pytest.approx(-30)
    assert recording.coefficients[0].scale == Coefficients().scale


def test_json_lines_take_a_rotation_matrix(tmp_path: Path):
    path = tmp_path / "hand.jsonl"
    rotation = rotation_from_euler(10, 20, 30)
    path.write_text(json.dumps({"rotation": rotation.tolist()}))
    assert np.allclose(read_recording(path).coefficients[0].rotation, rotation, atol=1e-6)


BAD_LINES = {
    "unknown expression": ('{"expression": {"jawOpn": 1}}', "jawOpen"),
    "unknown field": ('{"translaton": [0, 0]}', "translation"),
    "not a number": ('{"expression": {"jawOpen": NaN}}', "finite number"),
    "a word": ('{"scale": "large"}', "finite number"),
    "a truth": ('{"scale": true}', "finite number"),
    "too few numbers": ('{"translation": [0]}', "list of 2"),
    "not a rotation": ('{"rotation": [[2, 0, 0], [0, 2, 0], [0, 0, 2]]}', "rotation matrix"),
    "no size": ('{"scale": 0}', "above 0"),
    "percent": ('{"expression": {"jawOpen": 40}}', "percent"),
    "cut off": ('{"scale": 0.4}\n{"sca', "line 2"),
    "no object": ("[1, 2]", "line 1"),
    "nested without end": ("[" * 100_000, "line 1"),
    "time stands": ('{"captured_at": 1}\n{"captured_at": 1}', "must grow"),
    "nothing": ("\n\n", "no frame"),
    "confidence": ('{"confidence": 2}', "confidence"),
    "zero rate": ('{"fps": 0}', "frames per second"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_bad_json_lines_are_refused_with_the_reason(tmp_path: Path, case: str):
    path = tmp_path / "bad.jsonl"
    text, reason = BAD_LINES[case]
    path.write_text(text)
    with pytest.raises(InputError, match=reason):
        read_recording(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str):
    path = tmp_path / f"empty{suffix}"
    path.touch()
    with pytest.raises(InputError, match="empty"):
        read_recording(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_format_is_refused(tmp_path: Path, suffix: str):
    path = tmp_path / f"picture{suffix}"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)))
    with pytest.raises(InputError, match="picture"):
        read_recording(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        read_recording(tmp_path / "nowhere.npz")


def test_an_unknown_ending_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"\.npz, \.csv, \.jsonl"):
        read_recording(tmp_path / "motion.bvh")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_recording_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, suffix: str):
    folder = tmp_path / f"taken{suffix}"
    folder.mkdir()
    with pytest.raises(OutputError, match="folder"):
        write_recording(random_recording(6), folder)
    with pytest.raises(OutputError, match="does not exist"):
        write_recording(random_recording(6), tmp_path / "no" / f"motion{suffix}")
    assert os.listdir(tmp_path) == [folder.name]


def test_writing_replaces_the_old_file_whole(tmp_path: Path):
    path = tmp_path / "motion.npz"
    write_recording(random_recording(7, frames=30), path)
    assert_same_motion(
        random_recording(8, frames=5), written_and_read(random_recording(8, frames=5), path), 0
    )
    assert os.listdir(tmp_path) == ["motion.npz"]


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ((), "no frame"),
        ((face(at=1.0), face(at=0.5)), "frame 2"),
        ((face(), replace(face(at=1.0), scale=float("nan"))), "frame 2"),
        ((replace(face(), scale=-1.0),), "frame 1"),
    ],
)
def test_a_recording_checks_itself(frames: tuple[Coefficients, ...], reason: str):
    with pytest.raises(InputError, match=reason):
        Recording(coefficients=frames, fps=25.0)


def test_a_recording_needs_a_frame_rate():
    with pytest.raises(InputError, match="frames per second"):
        Recording(coefficients=(face(),), fps=0.0)
