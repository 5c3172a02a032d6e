"""The virtual camera: other programs see the avatar as a webcam (pyvirtualcam)."""

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyvirtualcam

from pechead_live.errors import DeviceError
from pechead_live.frame import Picture

logger = logging.getLogger(__name__)

DEVICE_NAME = "PECHead"
"""The name other programs show, where the system lets us choose it (v4l2loopback's card label)."""

ADVICE: dict[str, str] = {
    "linux": (
        "run (1) 'sudo apt-get install v4l2loopback-dkms', "
        f"(2) 'sudo modprobe v4l2loopback devices=1 exclusive_caps=1 card_label={DEVICE_NAME}', "
        "(3) 'pechead-live doctor' to see that it is there"
    ),
    "darwin": (
        "(1) install OBS Studio 28 or newer, (2) start it and press 'Start Virtual Camera', then "
        "'Stop', once, (3) allow its camera extension in the system settings and restart"
    ),
    "win32": (
        "(1) install OBS Studio 26 or newer (or Unity Capture), (2) start it and press 'Start "
        "Virtual Camera', then 'Stop', once, (3) close the programs that already use it"
    ),
}
"""`sys.platform` to the three things that bring a virtual camera."""

USED_UP = "is not a video output device"
"""What pyvirtualcam says of a v4l2loopback 0.12 device that was loaded with exclusive_caps=1 and
has been opened before: it takes one writer per loading of the module (v4l2loopback issue 442)."""

LOAD_AGAIN = (
    "close the program that sends to it, or load the module anew with "
    "'sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback "
    f"devices=1 exclusive_caps=1 card_label={DEVICE_NAME}'"
)
"""What brings a used-up device back."""


class VirtualCameraSink:
    """Sends pictures of one size to a virtual camera."""

    def __init__(self, width: int, height: int, fps: float, *, backend: str | None = None) -> None:
        """``backend``: pyvirtualcam's name of one; None tries those of this system."""
        self._size = (height, width)
        self._camera: Any = _open(width, height, fps, backend)
        logger.info(
            "virtual camera %s (%s), %dx%d at %g frames/s",
            self.device,
            self._camera.backend,
            width,
            height,
            fps,
        )

    @property
    def device(self) -> str:
        """The device as the system names it."""
        return str(self._camera.device)

    def write(self, picture: Picture) -> None:
        """Shows ``picture`` at once; its size must be the one the camera was opened with."""
        if self._camera is None:
            raise DeviceError("the virtual camera was closed: open it again")
        if picture.pixels.shape[:2] != self._size:
            raise ValueError(
                f"the virtual camera was opened for (height, width) {self._size}, "
                f"the picture is {picture.pixels.shape[:2]}: open one of its size"
            )
        try:
            self._camera.send(np.ascontiguousarray(picture.pixels))
        except (RuntimeError, OSError) as error:
            raise DeviceError(f"the virtual camera has gone away ({error}): {_advice()}") from error

    def close(self) -> None:
        """Frees the device."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None


def named_loopback(
    name: str = DEVICE_NAME, root: Path = Path("/sys/class/video4linux")
) -> str | None:
    """The ``/dev/videoN`` whose card label is ``name`` (Linux); None if there is none."""
    for label in sorted(root.glob("video*/name")):
        if label.read_text(errors="replace").strip() == name:
            return f"/dev/{label.parent.name}"
    return None


def _open(width: int, height: int, fps: float, backend: str | None) -> Any:
    devices: list[str | None] = [None]
    if backend is None and sys.platform.startswith("linux"):
        wish = named_loopback()
        if wish is not None:
            devices.insert(0, wish)
    reasons: list[str] = []
    for device in devices:
        try:
            return pyvirtualcam.Camera(width, height, fps, device=device, backend=backend)
        except (RuntimeError, OSError, KeyError) as error:
            reasons.append(" ".join(str(error).split()))
    # a device that is there but cannot be used says more than that no other was found
    used_up = next((reason for reason in reasons if USED_UP in reason), None)
    if used_up is not None:
        raise DeviceError(f"the virtual camera cannot be opened again ({used_up}): {LOAD_AGAIN}")
    raise DeviceError(f"no virtual camera can be opened ({'; '.join(reasons)}): {_advice()}")


def _advice() -> str:
    system = "linux" if sys.platform.startswith("linux") else sys.platform
    return ADVICE.get(
        system, "pyvirtualcam knows Linux, macOS and Windows; use --sink file:OUT here"
    )
