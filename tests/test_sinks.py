"""Where pictures go, and the word that opens each."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import pyvirtualcam

from pechead_live.camera.file import FileCamera
from pechead_live.errors import DeviceError, InputError, OutputError
from pechead_live.frame import Picture
from pechead_live.sink.file import FileSink
from pechead_live.sink.null import NullSink
from pechead_live.sink.open import open_sink
from pechead_live.sink.preview import PreviewSink
from pechead_live.sink.virtualcam import VirtualCameraSink, named_loopback


def picture(level: int = 100, width: int = 64, height: int = 48, at: float = 0.0) -> Picture:
    return Picture(pixels=np.full((height, width, 3), level, np.uint8), captured_at=at)


class ListCamera:
    """A pyvirtualcam backend that keeps what it is sent."""

    sent: ClassVar[list[Any]] = []
    broken = False
    missing = False

    def __init__(self, *, width: int, height: int, device: str | None, **others: Any) -> None:
        if ListCamera.missing:
            raise RuntimeError("No device found.\nDid you load it?")
        self._shape = (height, width, 3)

    def close(self) -> None:
        ListCamera.sent.append("closed")

    def send(self, frame: Any) -> None:
        if ListCamera.broken:
            raise RuntimeError("unplugged")
        ListCamera.sent.append(np.array(frame).reshape(self._shape))

    def device(self) -> str:
        return "/dev/list"

    def native_fourcc(self) -> None:
        return None


@pytest.fixture
def list_camera():
    ListCamera.sent, ListCamera.broken, ListCamera.missing = [], False, False
    pyvirtualcam.register_backend("list", ListCamera)
    yield ListCamera
    del pyvirtualcam.camera.BACKENDS["list"]


def test_the_virtual_camera_gets_the_pixels_as_they_are(list_camera: type[ListCamera]):
    sink = VirtualCameraSink(64, 48, 30, backend="list")
    drawn = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    sink.write(Picture(pixels=drawn, captured_at=0.0))
    assert sink.device == "/dev/list"
    sink.close()
    sink.close()
    assert np.array_equal(list_camera.sent[0], drawn)
    assert list_camera.sent[1:] == ["closed"]


def test_a_virtual_camera_that_goes_away_is_a_device_error(list_camera: type[ListCamera]):
    sink = VirtualCameraSink(64, 48, 30, backend="list")
    list_camera.broken = True
    with pytest.raises(DeviceError, match="unplugged"):
        sink.write(picture())
    sink.close()
    with pytest.raises(DeviceError, match="open it again"):
        sink.write(picture())


def test_a_virtual_camera_refuses_a_picture_of_another_size(list_camera: type[ListCamera]):
    sink = VirtualCameraSink(64, 48, 30, backend="list")
    with pytest.raises(ValueError, match="64"):
        sink.write(picture(width=32))


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        ("linux", ["v4l2loopback-dkms", "modprobe v4l2loopback", "card_label=PECHead"]),
        ("darwin", ["OBS", "Start Virtual Camera", "camera extension"]),
        ("win32", ["OBS", "Unity Capture", "close the programs"]),
        ("plan9", ["Linux, macOS and Windows"]),
    ],
)
def test_without_a_virtual_camera_the_error_names_what_helps(
    monkeypatch: pytest.MonkeyPatch,
    list_camera: type[ListCamera],
    platform: str,
    words: list[str],
):
    list_camera.missing = True
    monkeypatch.setattr("sys.platform", platform)
    with pytest.raises(DeviceError) as caught:
        VirtualCameraSink(64, 48, 30, backend="list")
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_the_loopback_device_called_pechead_is_found_by_its_label(tmp_path: Path):
    for number, label in ((0, "Integrated Camera"), (9, "PECHead"), (10, "OBS")):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(label + "\n")
    assert named_loopback(root=tmp_path) == "/dev/video9"
    assert named_loopback(root=tmp_path / "none") is None


def test_a_file_sink_follows_the_capture_times(tmp_path: Path):
    sink = FileSink(tmp_path / "a.mp4", 64, 48, 10)
    for level, at in ((0, 20.0), (100, 20.1), (200, 20.4)):
        sink.write(picture(level, at=at))
    assert list(tmp_path.glob("a.mp4")) == []  # not before it is complete
    sink.close()
    sink.close()
    camera = FileCamera(tmp_path / "a.mp4", paced=False)
    shown = [round(float(frame.pixels.mean()) / 100) for frame in iter(camera.read, None)]
    assert shown == [0, 1, 1, 1, 2]


def test_a_preview_without_a_screen_is_a_device_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(DeviceError, match="--sink file:OUT"):
        PreviewSink()


def test_a_closed_preview_shows_no_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pechead_live.sink.preview.check_screen", lambda: None)
    sink = PreviewSink()
    sink.write(picture())  # kept for the main thread; no window is opened here
    sink.close()
    sink.write(picture())
    assert sink.pump() == "" and sink.closed


def test_the_word_decides_which_sink_is_opened(tmp_path: Path):
    assert isinstance(open_sink("null", 64, 48, 30), NullSink)
    sink = open_sink(f"file:{tmp_path / 'a.mp4'}", 64, 48, 30)
    sink.write(picture())
    sink.close()
    assert (tmp_path / "a.mp4").is_file()


@pytest.mark.parametrize("spec", ["", "file:", "window", "virtual cam"])
def test_an_unknown_sink_lists_those_there_are(spec: str):
    with pytest.raises(InputError, match=r"virtualcam, file:OUT\.mp4, preview or null"):
        open_sink(spec, 64, 48, 30)


def test_a_file_sink_that_cannot_be_written_is_refused_when_it_is_opened(tmp_path: Path):
    with pytest.raises(OutputError, match="does not exist"):
        open_sink(f"file:{tmp_path / 'no' / 'a.mp4'}", 64, 48, 30)
