"""The `track` command's parts: on a synthetic stream and a replay, and on one real clip."""

import argparse
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from motion_samples import face, random_recording, score

from pechead_live.camera.file import open_video_file
from pechead_live.cli import main
from pechead_live.cli.track import add_arguments, record, smoothed
from pechead_live.coefficients import euler_from_rotation
from pechead_live.errors import NoFaceError
from pechead_live.frame import Frame
from pechead_live.recording import Recording
from pechead_live.tracker.mediapipe import open_mediapipe_tracker
from pechead_live.tracker.replay import ReplayTracker


class StillCamera:
    """``count`` black frames at 25 fps."""

    fps = 25.0

    def __init__(self, count: int) -> None:
        self._times = [i / 25 for i in range(count)]

    def read(self) -> Frame | None:
        if not self._times:
            return None
        return Frame(pixels=np.zeros((4, 4, 3), np.uint8), captured_at=self._times.pop(0))

    def close(self) -> None:
        self._times = []


def recorded(*faces_or_none: float | None) -> Recording:
    """What `record` makes of faces with these jaws; None is no face."""
    played = tuple(
        face(at=i / 25, confidence=float(jaw is not None), jawOpen=jaw or 0.0)
        for i, jaw in enumerate(faces_or_none)
    )
    tracker = ReplayTracker(Recording(coefficients=played, fps=25.0))
    return record(StillCamera(len(played)), tracker, name="clip.mp4")


def test_every_frame_is_recorded_and_frames_without_a_face_have_no_confidence():
    recording = recorded(0.1, None, 0.3)
    assert [c.captured_at for c in recording.coefficients] == [0.0, 0.04, 0.08]
    assert [c.confidence for c in recording.coefficients] == [1.0, 0.0, 1.0]
    assert (recording.fps, recording.name, recording.faces) == (25.0, "clip.mp4", 2)
    assert score(recording.coefficients[2], "jawOpen") == pytest.approx(0.3)


def test_a_clip_without_a_face_is_refused_by_name():
    with pytest.raises(NoFaceError, match=r"clip\.mp4"):
        recorded(None, None)


def test_an_outlier_is_recorded_as_no_face():
    played = (face(), face(yaw=70, at=0.04), face(at=0.08))
    tracker = ReplayTracker(Recording(coefficients=played, fps=25.0))
    recording = record(StillCamera(3), tracker, name="clip.mp4")
    assert [c.confidence for c in recording.coefficients] == [1.0, 0.0, 1.0]


def test_smoothing_is_none_live_or_offline():
    recording = random_recording(1, frames=12)
    assert smoothed(recording, "none") is recording
    roughness = {
        how: np.abs(
            np.diff([c.expression for c in smoothed(recording, how).coefficients], axis=0)
        ).mean()
        for how in ("none", "live", "offline")
    }
    assert roughness["offline"] < roughness["live"] < roughness["none"]


def test_the_output_is_checked_before_the_clip_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    clip = str(tmp_path / "clip.mp4")
    for output, reason in (
        ("motion.bvh", "motion.bvh cannot be written: end its name in .npz, .csv, .jsonl"),
        ("no/motion.npz", "does not exist"),
        ("x" * 300 + ".npz", "too long"),
    ):
        assert main(["track", clip, "-o", str(tmp_path / output)]) == 2
        assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_recording_never_replaces_the_clip_it_is_made_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    clip = tmp_path / "clip.npz"
    clip.write_bytes(b"precious")
    assert main(["track", str(clip), "-o", str(clip)]) == 2
    assert "also the input" in capsys.readouterr().err
    assert clip.read_bytes() == b"precious"


def test_the_command_explains_its_options():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert "offline" in parser.format_help()


@pytest.mark.shared
def test_a_face_that_the_detector_sees_in_a_blurred_logo_is_not_recorded(
    shared_data: Path, face_landmarker: Path
):
    camera = open_video_file(shared_data / "test" / "clips" / "v0177.mov")
    with closing(camera), closing(open_mediapipe_tracker(face_landmarker)) as tracker:
        recording = record(camera, tracker, name="v0177.mov")
    seen = [c for c in recording.coefficients if c.confidence > 0]
    assert len(seen) == 72 and len(recording.coefficients) == 169
    assert max(abs(euler_from_rotation(c.rotation)[2]) for c in seen) < 15
