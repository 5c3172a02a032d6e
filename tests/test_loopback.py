"""v4l2loopback devices: looked at without being opened for writing, and what a used-up one says."""

from pathlib import Path
from typing import Any

import pytest
import pyvirtualcam

from pechead_live.diagnosis.devices import loopback_finding
from pechead_live.errors import DeviceError
from pechead_live.sink.loopback import CAPABILITIES, CAPTURE, OUTPUT, loopback_devices
from pechead_live.sink.virtualcam import VirtualCameraSink

LOAD_AGAIN = (
    "sudo modprobe -r v4l2loopback && "
    "sudo modprobe v4l2loopback devices=1 exclusive_caps=1 card_label=PECHead"
)


def devices(folder: Path, **able: int) -> Any:
    """`loopback_devices` of devices with these capabilities; video0 is somebody's webcam."""
    for name in ("video0", "video-index", *able):
        (folder / name).touch()

    def query(device: Path) -> bytes:
        if device.name == "video0":
            return CAPABILITIES.pack(b"uvcvideo", b"Webcam", b"usb", 0, 0, CAPTURE)
        if able[device.name] < 0:
            raise PermissionError(device)
        return CAPABILITIES.pack(b"v4l2 loopback", b"PECHead", b"", 0, 0, able[device.name])

    return loopback_devices(folder, query)


def test_the_struct_is_as_long_as_the_kernel_s():
    assert CAPABILITIES.size == 104


@pytest.mark.parametrize(
    ("able", "state", "verdict"),
    [
        (OUTPUT, "ready", "good"),
        (OUTPUT | CAPTURE, "ready", "good"),
        (CAPTURE, "written", "optional"),
        (0, "used up", "optional"),
    ],
)
def test_a_device_is_ready_written_or_used_up(tmp_path: Path, able: int, state: str, verdict: str):
    (one,) = found = devices(tmp_path, video9=able)
    assert (one.name, one.state) == ("PECHead", state)
    assert one.device.endswith("video9")
    finding = loopback_finding(found)
    assert finding.verdict == verdict and state in finding.detail
    assert (LOAD_AGAIN in finding.advice) == (verdict != "good")


def test_one_ready_device_is_enough_and_strangers_are_left_out(tmp_path: Path):
    found = devices(tmp_path, video10=OUTPUT, video9=0, video3=-1)
    assert [one.state for one in found] == ["used up", "ready"]
    assert loopback_finding(found).verdict == "good"


class UsedUp:
    """A pyvirtualcam backend of a device that was opened before; without it there is none."""

    def __init__(self, *, device: str | None, **others: Any) -> None:
        if device:
            raise RuntimeError(f"Device {device} is not a video output device.")
        raise RuntimeError("No v4l2 loopback device found at /dev/video[0-99].")


def test_a_used_up_device_says_how_to_bring_it_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("pechead_live.sink.virtualcam.named_loopback", lambda: "/dev/video9")
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {"used up": UsedUp})
    with pytest.raises(DeviceError) as caught:
        VirtualCameraSink(64, 48, 30)
    message = str(caught.value)
    assert "/dev/video9 is not a video output device" in message
    assert LOAD_AGAIN in message
    assert "No v4l2 loopback device found" not in message and "apt-get" not in message


def test_without_any_device_the_way_to_install_one_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("pechead_live.sink.virtualcam.named_loopback", lambda: None)
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {"used up": UsedUp})
    with pytest.raises(DeviceError, match="v4l2loopback-dkms") as caught:
        VirtualCameraSink(64, 48, 30)
    assert "modprobe -r" not in str(caught.value)
