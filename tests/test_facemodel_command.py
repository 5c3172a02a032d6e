"""``pechead-live facemodel fit``: which files it takes, what it says, what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from face_samples import identity, measured
from PIL import Image

from pechead_live.cli import main
from pechead_live.cli.face_files import FaceFile, find_face_files
from pechead_live.cli.face_measuring import Measured, measure_files
from pechead_live.cli.face_model_card import HeldOut, card, rare_expressions
from pechead_live.errors import InputError
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model, read_face_model
from pechead_live.facemodel.residual import Residual

MODEL = load_face_model()


def talking(frames: int, seed: int = 0) -> list[Measurement]:
    rng = np.random.default_rng(seed)
    return [
        measured(MODEL, person=identity(seed), expressions={"jawOpen": rng.uniform(0, 1)})
        for _ in range(frames)
    ]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def fit(*words: object) -> int:
    return main(["facemodel", "fit", *map(str, words)])


def test_clips_and_photos_are_found_below_a_folder_each_once(tmp_path: Path):
    touch(tmp_path, "b/two.MP4", "one.mov", "b/three.jpg", "notes.txt", "b/four.webp")
    found = find_face_files([tmp_path, tmp_path / "b"])
    assert [f.path.name for f in found] == ["four.webp", "three.jpg", "two.MP4", "one.mov"]
    assert [f.is_clip for f in found] == [False, False, True, True]
    assert [f.person for f in found] == ["four", "three", "two", "one"]


def test_people_come_from_a_manifest_above_the_folder(tmp_path: Path):
    touch(tmp_path, "train/a.mp4", "train/b.mp4")
    (tmp_path / "manifest.csv").write_text(
        "file,identity,repository,licence\ntrain/a.mp4,ann,some/where,MIT\n"
    )
    known, unknown = find_face_files([tmp_path / "train"])
    assert (known.person, known.source, known.licence) == ("ann", "some/where", "MIT")
    assert (unknown.person, unknown.source) == ("b", "")


def test_a_given_manifest_wins_and_must_have_the_columns(tmp_path: Path):
    touch(tmp_path, "a.mp4")
    (tmp_path / "manifest.csv").write_text("file,identity\na.mp4,ann\n")
    mine, poor = tmp_path / "mine.csv", tmp_path / "poor.csv"
    mine.write_text("identity,file\nbob,a.mp4\n")
    poor.write_text("name\na.mp4\n")
    assert find_face_files([tmp_path], mine)[0].person == "bob"
    with pytest.raises(InputError, match=r"poor\.csv has no columns file and identity"):
        find_face_files([tmp_path], poor)
    with pytest.raises(InputError, match=r"absent\.csv"):
        find_face_files([tmp_path], tmp_path / "absent.csv")


def test_what_shows_too_little_is_skipped_with_the_reason():
    def measure(file: FaceFile) -> list[Measurement]:
        if file.path.stem == "broken":
            raise InputError("broken.mp4 is cut off")
        return talking({"good": 12, "short": 3, "photo": 1}.get(file.path.stem, 0))

    names = ("good.mp4", "short.mp4", "empty.mp4", "broken.mp4", "photo.jpg", "wall.jpg")
    used, skipped = measure_files([FaceFile(Path(n), n, "", "") for n in names], measure)
    assert [m.file.path.name for m in used] == ["good.mp4", "photo.jpg"]
    assert used[0].sequence.points.shape == (12, 478, 3)
    assert used[0].sequence.scores.shape == (12, 52)
    assert {s.path.name: s.reason for s in skipped} == {
        "short.mp4": "shows a face in 3 measured frames, fewer than 10",
        "empty.mp4": "shows no face",
        "broken.mp4": "broken.mp4 is cut off",
        "wall.jpg": "shows no face",
    }


def test_the_card_counts_names_sources_and_tells_what_hardly_moved():
    used = [
        Measured(FaceFile(Path("a.mp4"), "ann", "some/where", "MIT"), talking(12)),
        Measured(FaceFile(Path("b.mp4"), "ann", "some/where", "MIT"), talking(10, seed=1)),
        Measured(FaceFile(Path("c.jpg"), "bob", "", ""), talking(1)),
    ]
    text = card(
        used,
        command="pechead-live facemodel fit train -o m.npz",
        date="2026-01-01",
        versions={"numpy": "2.0"},
        size=225_400,
        held_out=HeldOut(7, {"+ refined": Residual(0.0071, 0.0064)}),
    )
    assert "From 2 clips (22 frames, 1 people) and 1 photos" in text
    assert "| some/where | MIT | 2 | 0 |" in text
    assert "| not stated | not stated | 0 | 1 |" in text
    assert "On 7 clips" in text and "| + refined | 0.71 | 0.64 |" in text
    assert "225 kB" in text and "numpy 2.0" in text
    rare = rare_expressions(used[:2])
    assert "jawOpen" not in rare and "cheekPuff" in rare and "tongueOut" not in rare


@pytest.mark.parametrize(
    ("output", "said"),
    [("model.txt", ".npz"), ("no/model.npz", "folder that exists"), (".", ".npz")],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, said: str
):
    assert fit(tmp_path / "absent", "-o", tmp_path / output) == 2
    assert said in capsys.readouterr().err


def test_somebody_s_notes_are_not_overwritten_by_the_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    notes = tmp_path / "model.md"
    notes.write_text("mine")
    assert fit(tmp_path, "-o", tmp_path / "model.npz") == 2
    assert "model.md" in capsys.readouterr().err
    assert notes.read_text() == "mine"


def test_folders_without_files_and_senseless_settings_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    touch(tmp_path, "faces/a.jpg", "photos/b.jpg", "empty/notes.txt")
    faces, out = tmp_path / "faces", ("-o", tmp_path / "model.npz")
    for words, said in (
        ((tmp_path / "absent", *out), "there is no folder"),
        ((tmp_path / "empty", *out), "holds no clip and no photo"),
        ((faces, *out, "--stride", 0), "--stride is 0"),
        ((faces, *out, "--held-out", tmp_path / "photos"), "holds no clip"),
    ):
        assert fit(*words) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "model.npz").exists()


def test_a_clip_cannot_be_learned_from_and_held_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    touch(tmp_path, "a.mp4")
    assert fit(tmp_path, "-o", tmp_path / "m.npz", "--held-out", tmp_path) == 2
    assert "a.mp4 is learned from and held out" in capsys.readouterr().err


def test_pictures_without_a_face_give_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], face_landmarker: Path
):
    for i in range(2):
        Image.new("RGB", (128, 128), (40 * i, 90, 120)).save(tmp_path / f"wall{i}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "model.npz"
    assert fit(tmp_path, "-o", out, "--landmarker", face_landmarker) == 2
    said = capsys.readouterr()
    assert "none of the 3" in said.err
    assert "wall1.png: shows no face" in said.out
    assert "broken.png" in said.out
    assert not out.exists() and not out.with_suffix(".md").exists()


@pytest.mark.shared
def test_a_few_real_files_give_a_model_and_its_card(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    shared_data: Path,
    face_landmarker: Path,
):
    folder = tmp_path / "faces"
    folder.mkdir()
    clips = sorted((shared_data / "train/clips").glob("*.mp4"), key=lambda p: p.stat().st_size)
    photos = sorted((shared_data / "train/portraits").iterdir())
    for path in (*clips[:3], *photos[:12]):
        (folder / path.name).symlink_to(path)
    out = tmp_path / "model.npz"
    assert fit(folder, "-o", out, "--stride", 4, "--landmarker", face_landmarker) == 0
    model = read_face_model(out)
    assert np.linalg.norm(model.mean - MODEL.mean, axis=1).mean() < 0.25
    text = out.with_suffix(".md").read_text()
    assert "fit faces -o model.npz --stride 4" in text
    assert str(tmp_path) not in text
    assert "model.npz: from" in capsys.readouterr().out
