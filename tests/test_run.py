"""The `run` command, on a drawn avatar and a recorded motion: no camera, no tracker."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import content_digest, save_avatar
from pechead_live.avatar.fitting import portrait_fit
from pechead_live.camera.file import FileCamera
from pechead_live.cli import main
from pechead_live.cli.run import size_from
from pechead_live.coefficients import EXPRESSION_SIZE, Coefficients, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model, project
from pechead_live.recording import Recording, write_recording

SIDE = 128
"""Height of the drawn portrait, pixels."""


def drawn_avatar() -> Avatar:
    """The mean face on an orange person before a grey ground."""
    model = load_face_model()
    neutral, scores = Coefficients(), np.zeros(EXPRESSION_SIZE, np.float32)
    shape = model.shape(neutral.identity, scores)
    points = project(shape, neutral.rotation, neutral.translation, neutral.scale)
    depth = neutral.scale * (shape @ neutral.rotation.T)[:, 2:]
    measured = Measurement(
        points=np.hstack([points[:, :2], depth]), scores=scores, presence=1.0, faces=1
    )
    rest, delta = portrait_fit(measured, model)
    width = round(SIDE * 16 / 9)
    person = np.full((SIDE, width, 3), (230, 140, 60), np.uint8)
    matte = np.zeros((SIDE, width), np.uint8)
    matte[20:, width // 2 - 40 : width // 2 + 40] = 255
    return Avatar(
        name="drawn",
        consent="nobody is shown",
        created="2026-01-01T00:00:00+00:00",
        person=person,
        matte=matte,
        background=np.full((SIDE, width, 3), 120, np.uint8),
        measured=measured,
        rest=rest,
        delta=delta,
        digest=content_digest(person, matte, measured),
    )


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A drawn avatar's file, and a second of a head that turns."""
    folder = tmp_path_factory.mktemp("parts")
    save_avatar(drawn_avatar(), folder / "drawn.avatar")
    turning = tuple(
        Coefficients(
            rotation=rotation_from_euler(15 * np.sin(i / 4), 0, 0), captured_at=i / 25
        ).with_expressions({"jawOpen": 0.3})
        for i in range(25)
    )
    write_recording(Recording(coefficients=turning, fps=25.0), folder / "turning.npz")
    return folder / "drawn.avatar", folder / "turning.npz"


def run_words(parts: tuple[Path, Path], *more: str) -> list[str]:
    avatar, motion = parts
    words = ["run", "--source", str(avatar), "--camera", f"replay:{motion}", "--size", "64"]
    return [*words, *more]


def test_a_recorded_motion_drives_an_avatar_into_several_sinks(
    parts: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out, report = tmp_path / "out.mp4", tmp_path / "report.json"
    words = run_words(parts, "--sink", f"file:{out}", "--sink", "null", "--report", str(report))
    assert main([*words, "--motion", "absolute"]) == 0
    film = list(iter(FileCamera(out, paced=False).read, None))
    assert 20 <= len(film) <= 27
    assert film[0].pixels.shape == (64, 64, 3)
    measured = json.loads(report.read_text())
    assert measured["events"]["frames"] == 25
    assert set(measured["sinks"]) == {"out.mp4", "null"}
    assert "capture to sink" in capsys.readouterr().out


def test_the_label_is_on_unless_it_is_turned_off(parts: tuple[Path, Path], tmp_path: Path):
    corners: list[np.ndarray] = []
    for name, more in (("on.mp4", []), ("off.mp4", ["--no-label"])):
        words = run_words(parts, "--sink", f"file:{tmp_path / name}", "--size", "256", *more)
        assert main([*words, "--seconds", "0.5"]) == 0
        frame = FileCamera(tmp_path / name, paced=False).read()
        assert frame is not None
        corners.append(frame.pixels[-26:-4, 4:34].astype(int))
    assert np.abs(corners[0] - corners[1]).mean() > 15


def test_looping_goes_on_after_the_motions_end(parts: tuple[Path, Path], tmp_path: Path):
    report = tmp_path / "report.json"
    words = run_words(parts, "--sink", "null", "--loop", "--seconds", "1.4")
    assert main([*words, "--report", str(report)]) == 0
    assert json.loads(report.read_text())["events"]["frames"] > 27


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--size", "large"], "--size 'large'"),
        (["--size", "16"], "16 x 16"),
        (["--fps", "0"], "--fps is 0"),
        (["--seconds", "-1"], "--seconds is -1"),
        (["--sink", "somewhere"], "unknown sink 'somewhere'"),
        (["--sink", "null", "--sink", "null"], "named twice"),
        (["--sink", "file:no/such/folder/a.mp4"], "no/such/folder/a.mp4"),
        (["--report", "no/such/folder/r.json"], "no/such/folder/r.json"),
        (["--camera", "nothing.mp4"], "nothing.mp4"),
        (["--camera", "replay:nothing.npz"], "nothing.npz"),
        (["--source", "nobody.jpg"], "nobody.jpg"),
        (["--source", "nobody.avatar"], "nobody.avatar"),
        (["--source", __file__], "--consent"),
        (["--set", "jawOpne=1"], "jawOpen"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    parts: tuple[Path, Path],
    more: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    sinks = [] if "--sink" in more else ["--sink", "null"]
    assert main(run_words(parts, *sinks, *more)) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("pechead-live: ") and complaint.count("\n") == 1
    assert words in complaint
    assert list(tmp_path.iterdir()) == []


def test_an_error_after_the_file_was_opened_leaves_no_file(
    parts: tuple[Path, Path], tmp_path: Path
):
    words = run_words(parts, "--sink", f"file:{tmp_path / 'a.mp4'}", "--source", "nobody.avatar")
    assert main(words) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "size"), [("256", (256, 256)), ("1280x720", (1280, 720)), (" 640X360", (640, 360))]
)
def test_a_size_is_one_side_or_two(text: str, size: tuple[int, int]):
    assert size_from(text) == size


@pytest.mark.parametrize("text", ["", "x", "5", "640x", "640x360x3", "-64", "6.5"])
def test_what_is_no_size_is_refused(text: str):
    with pytest.raises(InputError, match="1280x720"):
        size_from(text)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to a child process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_terminate_leave_a_playable_film(
    parts: tuple[Path, Path], tmp_path: Path, number: signal.Signals
):
    out = tmp_path / "out.mp4"
    words = run_words(parts, "--sink", f"file:{out}", "--loop")
    code = "import sys; from pechead_live.cli import main; sys.exit(main(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=Path(__file__).resolve().parent.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("running")
        signal_after_a_moment(process, number)
        assert process.wait(timeout=20) == 0
    assert list(tmp_path.iterdir()) == [out]
    assert len(list(iter(FileCamera(out, paced=False).read, None))) > 3


def signal_after_a_moment(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """Half a second of film first."""
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.7)
    process.send_signal(number)
