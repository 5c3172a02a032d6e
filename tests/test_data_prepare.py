"""`pechead-live data prepare`: from videos to shards, past broken ones, and on after a stop."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from data_samples import FPS, empty_room, talking_pictures, write_clip

from pechead_live.cli import main
from pechead_live.coefficients import euler_from_rotation
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model, points_of
from pechead_live.training.data.layouts import LAYOUTS
from pechead_live.training.data.one_video import PrepareConfig
from pechead_live.training.data.shard import read_shards

COUNT = 40
"""Frames of the talking clips."""

ROOT = Path(__file__).resolve().parent.parent


def prepare(folder: Path, out: Path, *more: str) -> int:
    return main(["data", "prepare", str(folder), "-o", str(out), "--workers", "1", *more])


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip with a face and a gap, one without, one that is none."""
    folder = tmp_path_factory.mktemp("clips")
    pictures = talking_pictures(COUNT).copy()
    pictures[20:24] = empty_room(4)
    write_clip(folder / "ann" / "talk.mp4", pictures)
    write_clip(folder / "room.mp4", empty_room())
    (folder / "broken.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42 and no more")
    (folder / "empty.mov").touch()
    return folder


@pytest.fixture(scope="module")
def made(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, prepared."""
    out = tmp_path_factory.mktemp("data") / "made"
    assert prepare(clips, out, "--shortest", "12") == 0
    return out


def report_of(out: Path) -> dict[str, object]:
    return json.loads((out / "report.json").read_bytes())


def test_a_gap_cuts_a_clip_into_chunks(made: Path):
    chunks = read_shards(made)
    assert [chunk.identity for chunk in chunks] == ["ann", "ann"]
    assert {chunk.source for chunk in chunks} == {"ann/talk.mp4"}
    assert chunks[0].name == "talk-00000"
    first = [int(chunk.name.rpartition("-")[2]) for chunk in chunks]
    assert first[1] >= 24
    assert all(12 <= len(chunk.frames) <= 20 for chunk in chunks)
    assert all(chunk.fps == pytest.approx(FPS) for chunk in chunks)


def test_what_was_measured_lies_on_the_face_of_its_frame(made: Path):
    for chunk in read_shards(made):
        times = [c.captured_at for c in chunk.coefficients]
        assert times == pytest.approx(np.arange(len(times)) / FPS, abs=1e-3)
        for place, coefficients in enumerate(chunk.coefficients):
            assert coefficients.confidence >= 0.5
            assert np.array_equal(coefficients.identity, chunk.coefficients[0].identity)
            fitted = points_of(load_face_model(), coefficients)
            off = np.linalg.norm(fitted - chunk.measurement(place).points[:, :2], axis=1)
            assert off.mean() * 128 < 3  # pixels
        low, high = chunk.points[..., :2].min(axis=(0, 1)), chunk.points[..., :2].max(axis=(0, 1))
        assert (np.abs(low) < 0.95).all() and (np.abs(high) < 0.95).all()
        assert (high - low).max() > 0.9  # the head fills the square


def test_portraits_differ_and_have_a_matte_on_their_plate(made: Path):
    for chunk in read_shards(made):
        assert 4 <= len(set(chunk.portraits)) <= 8
        assert chunk.mattes.shape == (len(chunk.portraits), 256, 456)
        for place, matte in zip(chunk.portraits, chunk.mattes, strict=True):
            assert abs(euler_from_rotation(chunk.coefficients[place].rotation)[0]) <= 30
            x, y = (chunk.points[place, :, :2].mean(axis=0) + 1) * 127.5
            assert matte[round(float(y)), 100 + round(float(x))] > 250
            assert 0.1 < (matte > 128).mean() < 0.8


def test_what_could_not_be_used_is_reported_with_its_reason(made: Path):
    report = report_of(made)
    skipped = {entry["source"]: entry["reason"] for entry in report["skipped"]}
    assert set(skipped) == {"room.mp4", "broken.mp4", "empty.mov"}
    assert "no face" in skipped["room.mp4"]
    assert "broken.mp4" in skipped["broken.mp4"]
    assert "0 bytes" in skipped["empty.mov"]
    totals = report["totals"]
    kept = sum(len(chunk.frames) for chunk in read_shards(made))
    assert (totals["videos"], totals["videos_skipped"], totals["frames"]) == (4, 3, kept)
    assert totals["frames_read"] - sum(totals["frames_dropped"].values()) == kept


def test_what_is_finished_is_not_done_again(
    clips: Path, made: Path, capsys: pytest.CaptureFixture[str]
):
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*") if "shard" in path.name}
    started = time.monotonic()
    assert prepare(clips, made, "--shortest", "12") == 0
    assert time.monotonic() - started < 2
    assert "4 of 4 videos are done already" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_other_settings_need_another_folder(
    clips: Path, made: Path, capsys: pytest.CaptureFixture[str]
):
    assert prepare(clips, made, "--shortest", "13") == 2
    assert "other settings" in capsys.readouterr().err


def test_show_checks_the_shards_and_names_the_damaged_one(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["data", "show", str(made)]) == 0
    assert "2 chunks" in capsys.readouterr().out
    copy = tmp_path / "copy"
    shutil.copytree(made, copy, ignore=shutil.ignore_patterns("cache"))
    shard = copy / "shard-00000.zip"
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    assert main(["data", "show", str(copy)]) == 2
    said = capsys.readouterr().err
    assert "shard-00000.zip" in said


def test_a_skipped_video_is_tried_again_when_its_file_has_changed(tmp_path: Path):
    folder, out = tmp_path / "in", tmp_path / "out"
    write_clip(folder / "a.mp4", empty_room())
    assert prepare(folder, out) == 2
    write_clip(folder / "a.mp4", talking_pictures(20))
    assert prepare(folder, out) == 0
    assert [chunk.name for chunk in read_shards(out)] == ["a-00000"]


def test_a_folder_without_a_usable_face_is_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_clip(tmp_path / "in" / "room.mp4", empty_room())
    assert prepare(tmp_path / "in", tmp_path / "out") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "none of the 1 videos" in said and "report.json" in said
    assert len(report_of(tmp_path / "out")["skipped"]) == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--workers", "0"], "--workers"),
        (["--limit", "0"], "--limit"),
        (["--shortest", "1"], "at least 2"),
        (["--shortest", "50", "--longest", "40"], "shortest"),
        (["--least-side", "3"], "3 pixels"),
        (["--layout", "voxceleb2"], "voxceleb2"),
        (["--manifest", "absent.csv"], "absent.csv"),
    ],
)
def test_an_impossible_request_is_one_sentence_and_code_2(
    clips: Path, tmp_path: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    assert prepare(clips, tmp_path / "out", *more) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_head_that_is_too_small_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_clip(tmp_path / "in" / "a.mp4", talking_pictures(20))
    assert prepare(tmp_path / "in", tmp_path / "out", "--least-side", "257") == 2
    assert "smaller than 257 pixels" in capsys.readouterr().out


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path):
    folder, out = tmp_path / "in", tmp_path / "out"
    for name in ("a", "b", "c"):
        write_clip(folder / f"{name}.mp4", talking_pictures(24))
    command = [sys.executable, "-m", "pechead_live", "data", "prepare", str(folder)]
    run = subprocess.Popen([*command, "-o", str(out), "--workers", "1"], cwd=ROOT)
    first = out / "journal" / "a.json"
    try:
        waiting_since = time.monotonic()
        while not first.exists() and time.monotonic() - waiting_since < 60:
            time.sleep(0.02)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    written = first.stat().st_mtime_ns
    assert not (out / "journal" / "c.json").exists()
    assert list(out.glob("shard-*")) == []
    assert prepare(folder, out) == 0
    assert first.stat().st_mtime_ns == written
    assert sorted(chunk.name for chunk in read_shards(out)) == ["a-00000", "b-00000", "c-00000"]
    assert [path.name for path in out.rglob("*.part")] == []
    assert list((out / "unpacked").iterdir()) == []


def test_a_full_disk_ends_the_run_with_its_sentence(tmp_path: Path):
    write_clip(tmp_path / "in" / "a.mp4", talking_pictures(20))
    resource = pytest.importorskip("resource")  # not on Windows

    def no_large_file() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "pechead_live", "data", "prepare", str(tmp_path / "in")]
    run = subprocess.run(
        [*command, "-o", str(tmp_path / "out"), "--workers", "1"],
        cwd=ROOT,
        preexec_fn=no_large_file,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 2
    assert "a-00000.zip cannot be written" in run.stderr.splitlines()[-1]
    assert list((tmp_path / "out" / "unpacked").iterdir()) == []


def test_a_setting_that_makes_no_sense_is_refused():
    with pytest.raises(InputError, match="100000"):
        PrepareConfig(shard_bytes=5)


@pytest.mark.shared
def test_real_clips_in_the_shape_of_each_data_set_become_the_same_chunks(
    shared_data: Path, tmp_path: Path
):
    """One layout is prepared in full; of the others the videos are compared."""
    clips = [shared_data / "test" / "clips" / name for name in ("v0019.mp4", "v0180.mp4")]
    trees = {
        "voxceleb2": ("test/mp4/id00017/aaaaaaaaaaa/00001", "test/mp4/id00061/bbbbbbbbbbb/00001"),
        "talkinghead1kh": tuple(
            f"val/cropped_clips/{video}_0000_S0_E99_L0_T0_R512_B512"
            for video in ("aaaaaaaaaaa", "bbbbbbbbbbb")
        ),
        "celebvhq": ("processed/aaaaaaaaaaa_0", "processed/bbbbbbbbbbb_0"),
        "vfhq": ("Clip+aaaaaaaaaaa+P0+C0+F0-99", "Clip+bbbbbbbbbbb+P0+C0+F0-99"),
    }
    for layout, names in trees.items():
        for name, clip in zip(names, clips, strict=True):
            path = tmp_path / layout / f"{name}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(clip)
        videos = list(LAYOUTS[layout](tmp_path / layout))
        assert [video.path.resolve() for video in videos] == [clip.resolve() for clip in clips]
        assert len({video.identity for video in videos}) == 2
    out = tmp_path / "out"
    layout = ("--layout", "voxceleb2")
    assert prepare(tmp_path / "voxceleb2", out, *layout) == 0
    chunks = read_shards(out)
    assert {chunk.identity for chunk in chunks} == {"id00017", "id00061"}
    assert len({chunk.name for chunk in chunks}) == len(chunks) >= 2
