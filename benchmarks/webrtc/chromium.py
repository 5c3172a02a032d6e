"""Chromium, headless, with a film for its camera."""

from collections.abc import Iterable
from pathlib import Path

import cv2
from playwright.sync_api import Browser, Playwright

from pechead_live.frame import Pixels


def write_mjpeg(pictures: Iterable[Pixels], path: Path) -> Path:
    """Pictures (H, W, 3) RGB as the file that Chromium takes for a camera; it begins again at the
    end."""
    with path.open("wb") as file:
        for picture in pictures:
            bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
            _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])
            file.write(jpeg.tobytes())
    return path


def launch(
    playwright: Playwright,
    chromium: str,
    camera: Path | None,
    *,
    fps: int = 30,
    microphone: Path | None = None,
) -> Browser:
    """``camera``: of `write_mjpeg`, shown at ``fps``; None: there is no camera to be had.
    ``microphone``: WAV, over and over; None: what Chromium has beside a camera."""
    arguments = [
        "--no-sandbox",  # it may be run as root
        "--allow-loopback-in-peer-connection",
        "--autoplay-policy=no-user-gesture-required",
    ]
    if camera is not None or microphone is not None:
        arguments += [
            "--use-fake-ui-for-media-stream",
            f"--use-fake-device-for-media-stream=fps={fps}",
        ]
    if camera is not None:
        arguments.append(f"--use-file-for-fake-video-capture={camera}")
    if microphone is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={microphone}")
    return playwright.chromium.launch(executable_path=chromium, args=arguments)
