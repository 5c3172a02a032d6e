"""Writing video files."""

import os
import signal
import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pechead_live.camera.file import FileCamera
from pechead_live.errors import OutputError
from pechead_live.frame import Pixels
from pechead_live.sink.video import VideoWriter


def grey(level: int, width: int = 64, height: int = 48) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


def levels(path: Path) -> list[int]:
    """Grey level of each picture of a file, in tens."""
    camera = FileCamera(path, paced=False)
    return [round(float(frame.pixels.mean()) / 10) for frame in iter(camera.read, None)]


def times(path: Path) -> list[float]:
    camera = FileCamera(path, paced=False)
    return [frame.captured_at for frame in iter(camera.read, None)]


def test_even_capture_times_give_one_picture_each(tmp_path: Path):
    with VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=25) as writer:
        for i in range(10):
            writer.write(grey(10 * i), 7.0 + i / 25)
    assert levels(tmp_path / "a.mp4") == list(range(10))
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 25


def test_a_pause_repeats_the_last_picture_and_a_burst_leaves_pictures_out(tmp_path: Path):
    with VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=10) as writer:
        for level, time in ((10, 0.0), (20, 0.1), (30, 0.5), (40, 0.51), (50, 0.52), (60, 0.6)):
            writer.write(grey(level), time)
    assert levels(tmp_path / "a.mp4") == [1, 2, 2, 2, 2, 3, 6]


def test_jittering_capture_times_neither_repeat_nor_leave_out(tmp_path: Path):
    jitter = np.random.default_rng(0).uniform(-0.012, 0.012, 60)
    with VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=30) as writer:
        for i in range(60):
            writer.write(grey(10 * (i % 20)), 0.5 / 30 + i / 30 + jitter[i])
    assert levels(tmp_path / "a.mp4") == [i % 20 for i in range(60)]


def test_a_camera_a_little_slower_than_the_film_stays_in_step_over_minutes(tmp_path: Path):
    with VideoWriter(tmp_path / "a.mp4", width=16, height=16, fps=30) as writer:
        for i in range(1500):
            writer.write(grey(90, 16, 16), i / 29.0)
        assert writer.picture_count == pytest.approx(1500 / 29 * 30, abs=2)


def test_a_suspended_machine_does_not_fill_the_file_with_a_still_picture(tmp_path: Path):
    with VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=10) as writer:
        for i, time in enumerate((0.0, 0.1, 3600.0, 3600.1, 3600.3)):
            writer.write(grey(10 * i), time)
    assert levels(tmp_path / "a.mp4") == [0, 1, 2, 3, 3, 4]


def test_with_exact_times_every_picture_keeps_its_own(tmp_path: Path):
    shown = [0.0, 0.03, 0.11, 0.14, 0.3]
    with VideoWriter(
        tmp_path / "a.mp4", width=64, height=48, fps=25, constant_rate=False
    ) as writer:
        for i, time in enumerate(shown):
            writer.write(grey(20 * i), 3.0 + time)
    assert np.allclose(times(tmp_path / "a.mp4"), shown, atol=1e-4)
    assert levels(tmp_path / "a.mp4") == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("fps", [24000 / 1001, 26.397, 25.0])
def test_the_frame_rate_of_a_clip_is_kept(tmp_path: Path, fps: float):
    with VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=fps) as writer:
        for i in range(20):
            writer.write(grey(10), i / fps)
    assert FileCamera(tmp_path / "a.mp4", paced=False).fps == pytest.approx(fps, rel=1e-4)


def test_odd_sides_become_even_by_repeating_the_edge(tmp_path: Path):
    pixels = np.zeros((47, 63, 3), np.uint8)
    pixels[-1] = pixels[:, -1] = 250
    with VideoWriter(tmp_path / "a.mp4", width=63, height=47, fps=25) as writer:
        writer.write(pixels, 0.0)
    frame = FileCamera(tmp_path / "a.mp4", paced=False).read()
    assert frame is not None and frame.pixels.shape == (48, 64, 3)
    assert frame.pixels[47].mean() > 200 and frame.pixels[:, 63].mean() > 200


def test_colours_survive(tmp_path: Path):
    pixels = np.zeros((720, 1280, 3), np.uint8)
    colours = [(200, 30, 40), (20, 180, 60), (30, 40, 190), (128, 128, 128)]
    for i, colour in enumerate(colours):
        pixels[:, 320 * i : 320 * (i + 1)] = colour
    with VideoWriter(tmp_path / "a.mp4", width=1280, height=720, fps=25) as writer:
        writer.write(pixels, 0.0)
    frame = FileCamera(tmp_path / "a.mp4", paced=False).read()
    assert frame is not None
    for i, colour in enumerate(colours):
        assert np.abs(frame.pixels[360, 320 * i + 160].astype(int) - colour).max() <= 4


@pytest.mark.parametrize(
    "name", ["no/such/folder/a.mp4", "a.txt", "a", "folder.mp4", "file.mp4/a.mp4"]
)
def test_an_unwritable_path_is_refused_before_any_work(tmp_path: Path, name: str):
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file.mp4").write_bytes(b"old")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError) as caught:
        VideoWriter(tmp_path / name, width=64, height=48, fps=25)
    assert str(tmp_path / name) in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failure_leaves_nothing_and_keeps_what_was_there(tmp_path: Path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"the film of before")

    def fail_half_way() -> None:
        with VideoWriter(path, width=64, height=48, fps=25) as writer:
            writer.write(grey(1), 0.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert path.read_bytes() == b"the film of before"
    assert list(tmp_path.iterdir()) == [path]


def test_with_no_picture_there_is_no_file(tmp_path: Path):
    VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=25).close()
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_another_size_is_refused(tmp_path: Path):
    with VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=25) as writer:
        with pytest.raises(ValueError, match="64"):
            writer.write(grey(1, 32, 32), 0.0)
        writer.write(grey(1), 0.0)


def test_a_finished_file_takes_no_more(tmp_path: Path):
    writer = VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=25)
    writer.write(grey(1), 0.0)
    writer.close()
    writer.close()
    with pytest.raises(OutputError, match="finished"):
        writer.write(grey(1), 0.1)


def clip_with_sound(path: Path, codec: str, *, seconds: int = 3, click_at: float = 2.0) -> Path:
    """A grey clip of 25 frames/s that turns white at ``click_at``, when a click is heard too."""
    rate = 48000
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream(codec, rate=rate, layout="mono")
        for i in range(25 * seconds):
            frame = av.VideoFrame.from_ndarray(grey(250 if i >= 25 * click_at else 100), "rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(video.encode(frame))
        samples = np.zeros((1, rate * seconds), np.float32)
        samples[:, round(click_at * rate) :] = np.sin(np.arange(rate * seconds) * 0.2)[
            None, : rate * seconds - round(click_at * rate)
        ]
        resampler = av.AudioResampler(
            format=audio.codec_context.format, frame_size=audio.codec_context.frame_size or 1024
        )
        sound = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        sound.rate, sound.pts, sound.time_base = rate, 0, Fraction(1, rate)
        for piece in [*resampler.resample(sound), *resampler.resample(None)]:
            container.mux(audio.encode(piece))
        container.mux(audio.encode(None))
        container.mux(video.encode(None))
    return path


def click_times(path: Path) -> tuple[float, float, str]:
    """When a film turns white, when it becomes loud (seconds), and its sound's codec."""
    camera = FileCamera(path, paced=False)
    white = next(f.captured_at for f in iter(camera.read, None) if f.pixels.mean() > 200)
    with av.open(str(path)) as container:
        name = container.streams.audio[0].codec_context.codec.canonical_name
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray().astype(np.float32))
            loud /= 1.0 if "flt" in frame.format.name else 32768.0
            if loud.max() > 0.3:
                at = int(np.argmax(loud.max(axis=0) > 0.3)) / frame.sample_rate
                return white, float(frame.time) + at, name
    raise AssertionError("the click is not heard")


@pytest.mark.parametrize(
    ("name", "codec", "kept"),
    [("a.mp4", "aac", "aac"), ("a.mkv", "pcm_s16le", "aac"), ("a.mkv", "libopus", "opus")],
)
@pytest.mark.parametrize("first_frame", [0, 20])
def test_the_sound_of_a_clip_stays_in_step_with_its_pictures(
    tmp_path: Path, name: str, codec: str, kept: str, first_frame: int
):
    source = clip_with_sound(tmp_path / name, codec)
    out = tmp_path / "out.mp4"
    camera = FileCamera(source, paced=False)
    assert camera.info.has_audio
    with VideoWriter(
        out, width=64, height=48, fps=25, constant_rate=False, audio_from=source
    ) as writer:
        for i, frame in enumerate(iter(camera.read, None)):
            if i >= first_frame:
                writer.write(frame.pixels, frame.captured_at)
    white, loud, codec_name = click_times(out)
    assert codec_name == kept
    assert white == pytest.approx(2.0 - first_frame / 25, abs=0.011)
    assert loud == pytest.approx(white, abs=0.03)


def test_sound_ends_with_the_pictures(tmp_path: Path):
    source = clip_with_sound(tmp_path / "a.mp4", "aac")
    with VideoWriter(
        tmp_path / "out.mp4", width=64, height=48, fps=25, audio_from=source
    ) as writer:
        for i in range(25):
            writer.write(grey(3), i / 25)
    with av.open(str(tmp_path / "out.mp4")) as container:
        last = max(float(f.time) for f in container.decode(audio=0))
    assert 0.9 < last < 1.03


def test_a_clip_without_sound_gives_a_film_without_sound(tmp_path: Path):
    with VideoWriter(tmp_path / "a.mp4", width=64, height=48, fps=25) as writer:
        writer.write(grey(1), 0.0)
    with VideoWriter(
        tmp_path / "b.mp4", width=64, height=48, fps=25, audio_from=tmp_path / "a.mp4"
    ) as writer:
        writer.write(grey(1), 0.0)
    assert not FileCamera(tmp_path / "b.mp4", paced=False).info.has_audio


ENDLESS = textwrap.dedent(
    """
    import signal, sys, time
    from pathlib import Path
    import numpy as np
    from pechead_live.sink.video import VideoWriter

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    with VideoWriter(Path(sys.argv[1]), width=64, height=48, fps=25) as writer:
        for i in range(100_000):
            writer.write(np.full((48, 64, 3), i % 200, np.uint8), i / 25)
            if i == 100:
                print("ready", flush=True)
            if i > 100:
                time.sleep(0.005)
    """
)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a child process")
def test_ctrl_c_leaves_a_playable_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "a.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
    assert list(tmp_path.iterdir()) == [path]
    assert len(times(path)) > 100
