"""`avatar personalise` from its words to the avatar's file, and the clips that it refuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from motion_samples import score
from personal_samples import moved, toy
from still_samples import astronaut

from pechead_live.avatar.file import open_avatar, save_avatar
from pechead_live.cli import main
from pechead_live.errors import NoFaceError
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.sink.file import FileSink
from pechead_live.training.personal.sitting import FEWEST_FRAMES, read_sitting

FRAMES = FEWEST_FRAMES + 10


def clip_of(path: Path, frames: int = FRAMES, *, shift: float = 0.0, face: bool = True) -> Path:
    """The astronaut looks around and talks, beside the middle of a wide picture."""
    renderer, sink = AnalyticRenderer(astronaut(), 400, 320), FileSink(path, 400, 320, 25.0)
    try:
        for i in range(frames):
            picture, _ = renderer.render(moved(i), renderer.initial_state())
            pixels = np.roll(picture.pixels, round(shift * 320), axis=1)
            pixels = pixels if face else np.full_like(pixels, 90)
            sink.write(replace(picture, pixels=pixels, captured_at=i / 25))
    finally:
        sink.close()
    return path


@pytest.fixture(scope="module")
def avatar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("avatar") / "me.avatar"
    save_avatar(astronaut(), path)
    return path


def test_the_clip_is_seen_through_the_portrait_s_square(
    face_landmarker: Path, tmp_path: Path
) -> None:
    sitting = read_sitting(clip_of(tmp_path / "a.mp4", shift=0.1), astronaut())
    assert len(sitting.pixels) >= FEWEST_FRAMES and sitting.pixels[0].shape == (256, 256, 3)
    at = sitting.nearest
    away = sitting.measurements[at].points[:, :2] - astronaut().points
    assert np.abs(away.mean(axis=0)).max() < 0.03
    assert score(sitting.coefficients[at], "jawOpen") < 0.5
    assert 0.7 < sitting.seen.mean() <= 1


@pytest.mark.parametrize(
    ("frames", "face", "said"),
    [
        (10, True, "shows a face in 10 of 10 frames and at least 50 are needed"),
        (60, False, "shows a face in 0 of 60 frames"),
    ],
)
def test_a_clip_that_shows_too_little_says_how_much_is_needed(
    face_landmarker: Path, tmp_path: Path, frames: int, face: bool, said: str
) -> None:
    with pytest.raises(NoFaceError, match=said):
        read_sitting(clip_of(tmp_path / "a.mp4", frames, face=face), astronaut())


def test_minutes_that_are_over_leave_a_state_and_the_avatar_as_it_was(
    face_landmarker: Path,
    avatar: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("h5py")
    _, checkpoint = toy(tmp_path)
    clip, out = clip_of(tmp_path / "a.mp4"), tmp_path / "mine.avatar"
    words = ["avatar", "personalise", str(avatar), "--clip", str(clip), "-o", str(out)]
    words += ["--model", "lite-toy", "--checkpoint", str(checkpoint), "--minutes", "0.001"]
    before = avatar.read_bytes()
    assert main(words) == 0
    said = capsys.readouterr()
    assert "learns the whole person" in said.out and "personalising for lite-toy [" in said.err
    assert "the same command goes on" in said.out
    assert (tmp_path / "mine.personal" / "state.safetensors").is_file()
    assert avatar.read_bytes() == before
    if out.exists():  # one step may be enough to come nearer
        assert open_avatar(out).personal is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "analytic"], "analytic has no features of a portrait"),
        (["--model", "base"], "base has no features of a portrait"),
        (["-o", "nowhere/me.avatar"], "the folder nowhere does not exist"),
        (["-o", "me.png"], "end its name in .avatar"),
        (["--minutes", "0"], "0.0 minutes: give more than 0"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_clip_is_read(
    avatar: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["avatar", "personalise", str(avatar), "--clip", "no.mp4", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_text_named_mp4_is_no_clip(
    avatar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "text.mp4"
    clip.write_text("I am no film\n" * 99)
    _, checkpoint = toy(tmp_path)
    words = ["--model", "lite-toy", "--checkpoint", str(checkpoint)]
    assert main(["avatar", "personalise", str(avatar), "--clip", str(clip), *words]) == 2
    assert "is not a video that can be read" in capsys.readouterr().err
