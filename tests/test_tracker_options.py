"""`--tracker`: what is opened, and what is refused before anything slow begins."""

import argparse
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from motion_samples import random_recording

from pechead_live.cli import main
from pechead_live.cli.tracker_options import add_tracker_arguments, tracker_from
from pechead_live.errors import InputError
from pechead_live.frame import Frame
from pechead_live.model.checkpoint import save_checkpoint
from pechead_live.model.reconstructor import PRESETS, Reconstructor
from pechead_live.recording import write_recording
from pechead_live.samples import sample
from pechead_live.tracker.mediapipe import MediapipeTracker
from pechead_live.tracker.reconstructor import ReconstructorTracker


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_tracker_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """An untrained toy R."""
    path = tmp_path / "toy.safetensors"
    state = Reconstructor(PRESETS["toy"]).state_dict()
    save_checkpoint(path, state, "reconstructor", PRESETS["toy"])
    return path


def black() -> Frame:
    return Frame(pixels=np.zeros((64, 64, 3), np.uint8), captured_at=0.0)


def test_mediapipe_is_what_one_gets(face_landmarker: Path):
    with closing(tracker_from(options("--landmarker", str(face_landmarker)))()) as tracker:
        assert isinstance(tracker, MediapipeTracker)
        assert tracker.track(black()) is None


def test_a_checkpoint_is_run_by_torch(weights: Path, face_landmarker: Path):
    words = ("--tracker", "reconstructor", "--tracker-checkpoint", str(weights))
    given = options(*words, "--landmarker", str(face_landmarker))
    with closing(tracker_from(given)()) as tracker:
        assert isinstance(tracker, ReconstructorTracker)
        assert tracker.provider == "torch CPU"
        assert tracker.track(black()) is None


def test_weights_that_are_missing_are_refused_at_once(tmp_path: Path):
    given = options("--tracker", "reconstructor", "--tracker-checkpoint", str(tmp_path / "no"))
    with pytest.raises(InputError, match="there is no"):
        tracker_from(given)


def test_mediapipe_takes_no_weights(weights: Path):
    with pytest.raises(InputError, match="--tracker reconstructor"):
        tracker_from(options("--tracker-checkpoint", str(weights)))


@pytest.mark.parametrize("command", ["run", "animate"])
def test_a_recording_is_not_tracked(
    command: str, tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]
):
    motion = tmp_path / "motion.npz"
    write_recording(random_recording(0), motion)
    driving = {"run": ["--camera", f"replay:{motion}", "--sink", "null"]}.get(
        command, ["--driving", str(motion), "-o", str(tmp_path / "out.mp4")]
    )
    source = ["--source", str(sample("astronaut.jpg"))]
    tracker = ["--tracker", "reconstructor", "--tracker-checkpoint", str(weights)]
    assert main([command, *source, *driving, *tracker]) == 2
    assert "replayed and not tracked" in capsys.readouterr().err


def test_a_recording_never_replaces_the_tracker_s_weights(
    weights: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    precious = weights.rename(tmp_path / "weights.npz")
    before = precious.read_bytes()
    words = ["--tracker", "reconstructor", "--tracker-checkpoint", str(precious)]
    assert main(["track", str(tmp_path / "clip.mp4"), "-o", str(precious), *words]) == 2
    assert "also the input" in capsys.readouterr().err
    assert precious.read_bytes() == before
