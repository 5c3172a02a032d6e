"""A video file as a camera."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pechead_live.camera.file import FileCamera
from pechead_live.errors import InputError
from pechead_live.frame import Frame


def write_clip(path: Path, *, count: int = 10, fps: int = 25, turned: int = 0) -> Path:
    """Frame i is grey 20*i with a red upper left quarter; 64x48 as stored."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if turned:
            stream.set_display_rotation(turned)
        for i in range(count):
            pixels = np.full((48, 64, 3), 20 * (i % 12), np.uint8)
            pixels[:24, :32] = (200, 0, 0)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_all(camera: FileCamera, at_most: int = 1000) -> list[Frame]:
    frames: list[Frame] = []
    while len(frames) < at_most and (frame := camera.read()) is not None:
        frames.append(frame)
    return frames


class FakeTime:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def test_every_frame_comes_once_and_in_order_with_its_presentation_time(tmp_path: Path):
    camera = FileCamera(write_clip(tmp_path / "a.mp4"), paced=False)
    frames = read_all(camera)
    assert [round(f.captured_at * 25) for f in frames] == list(range(10))
    assert [round(float(f.pixels[40, 50, 0]) / 20) for f in frames] == list(range(10))
    assert camera.read() is None
    assert (camera.info.width, camera.info.height, camera.fps) == (64, 48, 25)
    assert camera.info.frame_count == 10 and not camera.info.has_audio


def test_pixels_are_rgb(tmp_path: Path):
    frame = FileCamera(write_clip(tmp_path / "a.mp4"), paced=False).read()
    assert frame is not None
    red, green, blue = frame.pixels[10, 10]
    assert red > 180 and green < 25 and blue < 25


def test_a_paced_clip_takes_its_own_time_and_carries_the_monotonic_clock(tmp_path: Path):
    time = FakeTime()
    camera = FileCamera(
        write_clip(tmp_path / "a.mp4"), paced=True, clock=time.clock, sleep=time.sleep
    )
    frames = read_all(camera)
    assert frames[0].captured_at == 100.0
    steps = np.diff([f.captured_at for f in frames])
    assert np.allclose(steps, 1 / 25)
    assert time.now == pytest.approx(100 + 9 / 25)


def test_a_reader_that_was_suspended_goes_on_at_the_same_pace_instead_of_racing(tmp_path: Path):
    time = FakeTime()
    camera = FileCamera(
        write_clip(tmp_path / "a.mp4"), paced=True, clock=time.clock, sleep=time.sleep
    )
    camera.read()
    time.now += 60
    after = [f.captured_at for f in read_all(camera)]
    assert after[0] == pytest.approx(160)
    assert np.allclose(np.diff(after), 1 / 25)


def test_a_looping_clip_starts_again_and_its_time_keeps_growing(tmp_path: Path):
    camera = FileCamera(write_clip(tmp_path / "a.mp4", count=5), paced=False, loop=True)
    frames = read_all(camera, at_most=13)
    assert np.allclose([f.captured_at for f in frames], np.arange(13) / 25)
    assert np.array_equal(frames[2].pixels, frames[12].pixels)
    camera.close()
    assert camera.read() is None


def test_closing_twice_does_no_harm(tmp_path: Path):
    camera = FileCamera(write_clip(tmp_path / "a.mp4"), paced=False)
    camera.close()
    camera.close()
    assert camera.read() is None


@pytest.mark.parametrize(
    ("turned", "shape", "red_at"),
    [(90, (64, 48), (60, 4)), (-90, (64, 48), (4, 44)), (180, (48, 64), (44, 60))],
)
def test_a_clip_recorded_sideways_is_upright(
    tmp_path: Path, turned: int, shape: tuple[int, int], red_at: tuple[int, int]
):
    camera = FileCamera(write_clip(tmp_path / "a.mp4", turned=turned), paced=False)
    frame = camera.read()
    assert frame is not None and frame.pixels.shape[:2] == shape
    assert (camera.info.height, camera.info.width) == shape
    assert frame.pixels[red_at][0] > 150
    assert frame.pixels.flags.c_contiguous


def test_a_file_that_breaks_off_gives_the_frames_it_still_holds(tmp_path: Path):
    whole = write_clip(tmp_path / "a.mkv", count=60).read_bytes()
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole[: len(whole) * 2 // 3])
    frames = read_all(FileCamera(torn, paced=False))
    assert 5 < len(frames) < 60
    assert np.all(np.diff([f.captured_at for f in frames]) > 0)


def not_a_clip(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.mp4"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "noise":
        path.write_bytes(np.random.default_rng(3).bytes(20_000))
    elif kind == "text":
        path = folder / "text.txt"
        path.write_text("a letter to somebody\n" * 200)
    elif kind == "cut off":
        path.write_bytes(write_clip(folder / "whole.mp4").read_bytes()[:800])
    elif kind == "folder":
        path.mkdir()
    elif kind == "no frames":
        path = write_clip(folder / "none.mkv", count=0)
    elif kind == "picture":
        path = folder / "picture.png"
        with av.open(str(path), "w", format="image2") as container:
            stream = container.add_stream("png", rate=1)
            stream.width, stream.height, stream.pix_fmt = 8, 8, "rgb24"
            pixels = np.zeros((8, 8, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode(None))
    elif kind == "sound":
        path = folder / "sound.wav"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
            silence = np.zeros((1, 800), np.int16)
            frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
            frame.rate = 8000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "kind",
    ["empty", "noise", "text", "missing", "folder", "picture", "sound", "cut off", "no frames"],
)
def test_what_is_not_a_video_is_refused_in_one_sentence_with_its_name(tmp_path: Path, kind: str):
    path = not_a_clip(tmp_path, kind)
    with pytest.raises(InputError) as caught:
        FileCamera(path, paced=False)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    assert ": " in message.removeprefix(str(path))  # after the colon: what to do


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_damaged_file_gives_frames_or_an_input_error_and_nothing_else(
    tmp_path: Path, data: st.DataObject
):
    whole = tmp_path / "whole.mp4"
    if not whole.exists():
        write_clip(whole)
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(bytes(content[:cut]) if data.draw(st.booleans()) else bytes(content))
    try:
        frames = read_all(FileCamera(damaged, paced=False), at_most=40)
    except InputError:
        return
    assert frames
    assert np.all(np.diff([f.captured_at for f in frames]) > 0)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "count"), [("v0000.mp4", 78), ("v0177.mov", 169)])
def test_real_clips_give_every_frame_they_declare(shared_data: Path, name: str, count: int):
    camera = FileCamera(shared_data / "test" / "clips" / name, paced=False)
    frames = read_all(camera)
    assert len(frames) == count == camera.info.frame_count
    assert np.all(np.diff([f.captured_at for f in frames]) > 0)
