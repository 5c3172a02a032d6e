"""The commands `avatar`, `edit`, `animate` and `demo` on the bundled portrait and motions."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from still_samples import astronaut, difference, saved, side_by_side

from pechead_live.avatar.file import open_avatar
from pechead_live.camera.file import FileCamera
from pechead_live.cli import main
from pechead_live.cli.image import write_image
from pechead_live.frame import Pixels
from pechead_live.recording import Recording, read_recording, write_recording
from pechead_live.samples import sample

AVATAR, PHOTO = str(sample("astronaut.avatar")), str(sample("astronaut.jpg"))


def motion(path: Path, count: int = 12) -> Path:
    recording = read_recording(sample("talking.npz"))
    write_recording(Recording(coefficients=recording.coefficients[:count], fps=recording.fps), path)
    return path


def picture(path: Path) -> Pixels:
    return np.asarray(Image.open(path).convert("RGB"))


def edited(folder: Path, *words: str) -> Pixels:
    out = folder / "out.png"
    assert main(["edit", "--source", AVATAR, "-o", str(out), "--size", "128", *words]) == 0
    return picture(out)


def test_edit_changes_what_it_is_told_to(tmp_path: Path):
    rest = edited(tmp_path)
    assert rest.shape == (128, 128, 3)
    assert difference(rest, edited(tmp_path)) == 0
    for words in (["--yaw", "20"], ["--set", "jawOpen=0.6"], ["--set", "eyeBlinkLeft=1"]):
        assert difference(rest, edited(tmp_path, *words)) > 0.2, words
    assert difference(edited(tmp_path, "--no-label"), rest) > 0.05


def test_frontalize_gives_the_picture_of_a_face_at_zero_angles(tmp_path: Path):
    zero = edited(tmp_path, "--yaw", "0", "--pitch", "0", "--roll", "0")
    assert difference(edited(tmp_path, "--frontalize"), zero) < 0.5


def test_the_grid_has_a_column_a_turn_and_a_row_an_expression(tmp_path: Path):
    sheet = edited(tmp_path, "--grid", "--no-label")
    assert sheet.shape == (6 * 64, 5 * 64, 3)
    cells = [sheet[64 * r : 64 * r + 64, 64 * c : 64 * c + 64] for r in range(6) for c in range(5)]
    pairs = [(i, j) for i in range(30) for j in range(i)]
    assert min(difference(cells[i], cells[j]) for i, j in pairs) > 0.1


def test_animate_gives_a_picture_for_every_entry_at_its_rate(tmp_path: Path):
    out, driving = tmp_path / "größe 日本.mp4", motion(tmp_path / "motion.npz")
    assert main(["animate", "--source", AVATAR, "--driving", str(driving), "-o", str(out),
                 "--size", "96"]) == 0  # fmt: skip
    camera = FileCamera(out, paced=False)
    times = [frame.captured_at for frame in iter(camera.read, None)]
    wanted = [c.captured_at for c in read_recording(driving).coefficients]
    assert len(times) == len(wanted)
    assert np.allclose(np.diff(times), np.diff(wanted), atol=2e-3)


def test_avatar_show_names_who_allowed_its_use(capsys: pytest.CaptureFixture[str]):
    assert main(["avatar", "show", AVATAR]) == 0
    shown = capsys.readouterr().out
    assert astronaut().consent in shown and astronaut().digest in shown


def test_demo_writes_a_film_and_a_sheet_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    driving = motion(tmp_path / "motion.npz", count=20)
    out = tmp_path / "out"
    out.mkdir()
    assert main(["demo", "-o", str(out), "--size", "128", "--motion-file", str(driving)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["demo.mp4", "demo.png"]
    assert len(list(iter(FileCamera(out / "demo.mp4", paced=False).read, None))) >= 15
    assert picture(out / "demo.png").shape[0] == 512
    shown = capsys.readouterr().out
    assert str(out / "demo.mp4") in shown and "capture to sink" in shown


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The complaint about ``words``: code 2 and one sentence."""
    capsys.readouterr()
    assert main(list(words)) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "tracking [" not in line]
    assert len(lines) == 1 and lines[0].startswith("pechead-live: "), lines
    return lines[0]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--set", "jawOpen=5"], "from 0 to 1"),
        (["--set", "jawOpne=0.5"], "did you mean 'jawOpen'"),
        (["--set", "jawOpen"], "jawOpen=VALUE"),
        (["--yaw", "nan"], "yaw is nan"),
        (["--yaw", "90"], "from -80 to 80"),
        (["--size", "0"], "--size '0'"),
        (["--size", "99999"], "99999 x 99999"),
        (["--size", "3x900"], "--size '3x900'"),
        (["--size", "٥١٢"], "is no size"),
        (["-o", "out.bmp"], "end its name in .png"),
        (["-o", "no/out.png"], "does not exist"),
        (["-o", "x" * 300 + ".png"], "too long"),
        (["--source", "nobody.avatar"], "nobody.avatar"),
        (["--source", "x" * 300 + ".jpg"], "too long"),
        (["--source", "."], "is a folder"),
        (["--source", PHOTO], "needs a consent line"),
        (["--source", PHOTO, "--consent", "  "], "needs a consent line"),
    ],
)
def test_edit_refuses_in_one_sentence_and_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    reason: str,
):
    monkeypatch.chdir(tmp_path)
    assert reason in refused(capsys, "edit", "--source", AVATAR, "-o", "out.png", *more)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["-o", "out.avi"], "end its name in .mp4"),
        (["-o", "clip.mp4"], "also the input"),
        (["--gain", "yaw=2"], "from 0 to 1.5"),
        (["--gain", "yaw=nan"], "from 0 to 1.5"),
        (["--gain", "yaws=1"], "unknown gain"),
        (["--gain", "yaw"], "yaw=FACTOR"),
        (["--driving", "nothing.mp4"], "there is no file"),
        (["--driving", PHOTO], "not a video"),
        (["--driving", AVATAR], "not a video"),
    ],
)
def test_animate_refuses_in_one_sentence_and_harms_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    reason: str,
):
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").write_bytes(b"precious")
    words = ["animate", "--source", AVATAR, "--driving", "clip.mp4", "-o", "out.mp4", *more]
    assert reason in refused(capsys, *words)
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]
    assert Path("clip.mp4").read_bytes() == b"precious"


def test_run_never_records_over_its_own_camera_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"precious")
    words = ["run", "--source", AVATAR, "--camera", str(clip), "--sink", f"file:{clip}"]
    assert "also the input" in refused(capsys, *words)
    assert clip.read_bytes() == b"precious"


def new_avatar(photo: Path, out: Path, *more: str) -> list[str]:
    return ["avatar", "new", str(photo), "-o", str(out), "--consent", "public domain", *more]


def test_a_photo_becomes_an_avatar_with_its_consent(tmp_path: Path, face_landmarker: Path):
    out = tmp_path / "me.avatar"
    assert main(new_avatar(Path(PHOTO), out, "--landmarker", str(face_landmarker))) == 0
    assert open_avatar(out).consent == "public domain"
    assert list(tmp_path.iterdir()) == [out]


def test_of_several_faces_the_largest_is_taken_and_that_is_said(
    tmp_path: Path, face_landmarker: Path, caplog: pytest.LogCaptureFixture
):
    photo = saved(side_by_side([0.8, 1.0]), tmp_path / "two.png")
    out = tmp_path / "me.avatar"
    with caplog.at_level("WARNING"):
        assert main(new_avatar(photo, out, "--landmarker", str(face_landmarker))) == 0
    assert any("2 faces: the largest is taken" in message for message in caplog.messages)
    alone = tmp_path / "alone.avatar"
    assert main(new_avatar(Path(PHOTO), alone, "--landmarker", str(face_landmarker))) == 0
    large, one = open_avatar(out).rest, open_avatar(alone).rest
    assert abs(large.scale - one.scale) < 0.1 * one.scale


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("blank", "no face was found"), ("small", "pixels large"), ("one pixel", "no face")],
)
def test_a_photo_without_a_usable_face_is_refused(
    tmp_path: Path, face_landmarker: Path, capsys: pytest.CaptureFixture[str], kind: str,
    reason: str,
):  # fmt: skip
    image = Image.new("RGB", (400, 300), "gray")
    if kind == "small":
        image.paste(side_by_side([0.28]), (100, 100))
    elif kind == "one pixel":
        image = Image.new("RGB", (1, 1))
    photo, out = saved(image, tmp_path / "photo.png"), tmp_path / "me.avatar"
    assert reason in refused(capsys, *new_avatar(photo, out), "--landmarker", str(face_landmarker))
    assert list(tmp_path.iterdir()) == [photo]


@pytest.mark.parametrize("size", [(2000, 400), (512, 1600)])
def test_a_face_that_is_not_in_the_middle_square_is_refused_by_crop_none(
    tmp_path: Path, face_landmarker: Path, capsys: pytest.CaptureFixture[str],
    size: tuple[int, int],
):  # fmt: skip
    image = Image.new("RGB", size, "gray")
    image.paste(Image.open(PHOTO))
    photo, out = saved(image, tmp_path / "photo.png"), tmp_path / "me.avatar"
    words = new_avatar(photo, out, "--landmarker", str(face_landmarker))
    assert "leave out --crop none" in refused(capsys, *words, "--crop", "none")
    assert list(tmp_path.iterdir()) == [photo]
    assert main(words) == 0


def test_a_file_that_is_no_landmarker_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    wrong = tmp_path / "wrong.task"
    wrong.write_text("hello")
    words = new_avatar(Path(PHOTO), tmp_path / "me.avatar", "--landmarker", str(wrong))
    assert "is no face landmarker" in refused(capsys, *words)


def clip_with_tone(path: Path, frames: int = 20, fps: int = 20) -> Path:
    """The portrait's own photo standing still, with a second of a 440 Hz tone."""
    pixels = np.asarray(Image.open(PHOTO).convert("RGB").crop((56, 0, 456, 400)).resize((256, 256)))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"crf": "12"})
        video.width, video.height, video.pix_fmt = 256, 256, "yuv420p"
        sound = container.add_stream("aac", rate=44_100, layout="mono")
        for i in range(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, fps)
            container.mux(video.encode(frame))
        wave = np.sin(2 * np.pi * 440 * np.arange(44_100 * frames // fps) / 44_100)
        tone = av.AudioFrame.from_ndarray(wave[None].astype(np.float32), "fltp", "mono")
        tone.rate, tone.pts = 44_100, 0
        container.mux(sound.encode(tone))
        container.mux(sound.encode(None))
        container.mux(video.encode(None))
    return path


def test_a_driving_clip_s_frames_rate_and_sound_are_kept(tmp_path: Path, face_landmarker: Path):
    clip, out = clip_with_tone(tmp_path / "clip.mp4"), tmp_path / "out.mp4"
    assert main(["animate", "--source", AVATAR, "--driving", str(clip), "-o", str(out), "--size",
                 "96", "--landmarker", str(face_landmarker)]) == 0  # fmt: skip
    camera = FileCamera(out, paced=False)
    assert len(list(iter(camera.read, None))) == 20
    assert camera.fps == pytest.approx(20) and camera.info.has_audio
    with av.open(str(out)) as container:
        sound = np.concatenate([f.to_ndarray().ravel() for f in container.decode(audio=0)])
    assert abs(len(sound) / 44_100 - 1) < 0.1 and np.abs(sound).mean() > 0.3


def test_an_uncropped_portrait_in_absolute_motion_lies_over_its_clip(
    tmp_path: Path, face_landmarker: Path
):
    clip, out, still = clip_with_tone(tmp_path / "c.mp4", frames=6), tmp_path / "o.mp4", tmp_path
    first = FileCamera(clip, paced=False).read()
    assert first is not None
    photo = saved(Image.fromarray(first.pixels), still / "first.png")
    words = ["animate", "--source", str(photo), "--consent", "public domain", "--crop", "none",
             "--motion", "absolute", "--size", "256", "--no-label"]  # fmt: skip
    words += ["--driving", str(clip), "-o", str(out), "--landmarker", str(face_landmarker)]
    assert main(words) == 0
    drawn = FileCamera(out, paced=False).read()
    assert drawn is not None
    middle = slice(64, 192), slice(64, 192)
    # moved by one pixel, the clip differs from itself by 9 on the whole
    assert difference(drawn.pixels, first.pixels) < 7
    assert difference(drawn.pixels[middle], first.pixels[middle]) < 5.5


@pytest.mark.shared
def test_a_clip_without_any_face_is_refused_and_leaves_no_film(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
):
    clip = shared_data / "test" / "clips" / "v0178.mp4"
    words = ["animate", "--source", AVATAR, "--driving", str(clip), "-o", str(tmp_path / "o.mp4")]
    assert "no face" in refused(capsys, *words)
    assert list(tmp_path.iterdir()) == []


def test_a_motion_without_a_face_in_some_frames_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    recording = read_recording(sample("talking.npz"))
    entries = [
        replace(c, confidence=0.0) if 3 <= i < 6 else c
        for i, c in enumerate(recording.coefficients[:10])
    ]
    driving = tmp_path / "motion.npz"
    write_recording(Recording(coefficients=tuple(entries), fps=recording.fps), driving)
    out = tmp_path / "o.mp4"
    assert main(["animate", "--source", AVATAR, "--driving", str(driving), "-o", str(out),
                 "--size", "64"]) == 0  # fmt: skip
    assert "10 pictures" in (said := capsys.readouterr().out)
    assert "3 of them at rest: no face was seen" in said


def test_the_background_is_an_input_that_no_result_replaces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    background = tmp_path / "office.png"
    write_image(np.full((64, 64, 3), 90, np.uint8), background)
    before = background.read_bytes()
    words = ["edit", "--source", AVATAR, "--background", str(background)]
    assert "also the input" in refused(capsys, *words, "-o", str(background))
    assert background.read_bytes() == before
