"""A window that shows the pictures (OpenCV's).

Windows belong to the main thread (macOS insists), sinks run in their own: `write` only keeps the
newest picture, and the main thread calls `pump` some sixty times a second.
"""

import os
import sys
from typing import Any

import cv2

from pechead_live.errors import DeviceError
from pechead_live.frame import Picture

TITLE = "PECHead"

HEADLESS_ADVICE = "use --sink file:OUT or virtualcam on a machine without a screen"


class PreviewSink:
    """A window of the picture's size; closing it, or Q or Escape in it, sets ``closed``."""

    def __init__(self, title: str = TITLE) -> None:
        check_screen()
        self._title = title
        self._newest: Picture | None = None
        self._shown = False
        self.closed = False

    def write(self, picture: Picture) -> None:
        """Keeps ``picture`` for the next `pump`; a closed window shows no more."""
        if not self.closed:
            self._newest = picture

    def pump(self) -> str:
        """Shows the newest picture; the key that was pressed, "" for none. Main thread only."""
        if self.closed:
            return ""
        picture, self._newest = self._newest, None
        try:
            if picture is not None:
                if not self._shown:
                    cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
                    height, width = picture.pixels.shape[:2]
                    cv2.resizeWindow(self._title, width, height)
                    self._shown = True
                cv2.imshow(self._title, cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR))
            if not self._shown:
                return ""
            code: Any = cv2.pollKey()
            gone = cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error as error:
            raise DeviceError(f"the preview window failed ({error}): {HEADLESS_ADVICE}") from error
        key = "" if code < 0 else chr(code & 0xFF)
        if gone or key in ("q", "\x1b"):
            self.closed = True
        return "enter" if key in ("\r", "\n") else key

    def close(self) -> None:
        """Stops showing; the window itself goes with `destroy` in the main thread."""
        self.closed = True

    def destroy(self) -> None:
        """Removes the window. Main thread only."""
        self.closed = True
        if self._shown:
            self._shown = False
            try:
                cv2.destroyWindow(self._title)
            except cv2.error:
                return  # the user closed it first


def check_screen() -> None:
    """`DeviceError` where no window can be opened. Qt would end the process instead of raising."""
    if not cv2.currentUIFramework():
        raise DeviceError(
            f"this OpenCV was built without windows: install opencv-contrib-python, or "
            f"{HEADLESS_ADVICE}"
        )
    on_linux = sys.platform.startswith("linux")
    if on_linux and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise DeviceError(
            f"there is no screen (DISPLAY and WAYLAND_DISPLAY are not set): {HEADLESS_ADVICE}"
        )
