"""A face that cannot be read: its camera is seen meanwhile, by a program and by a page."""

import base64
import time
from contextlib import closing
from pathlib import Path

import av
import cv2
import numpy as np
from call_ends import End, hosting, link_of, wait_until
from page_modules import WITH_LIBRARIES
from playwright.sync_api import Browser, Page, sync_playwright
from test_call_browser import watched_for_faults

from benchmarks.moving_portrait import SIDE, write_moving_portrait
from benchmarks.webrtc.chromium import launch
from pechead_live.facemodel.fit import DEFAULT_FIT
from pechead_live.frame import Picture, Pixels
from pechead_live.samples import sample
from pechead_live.sink.file import FileSink

COLOUR = (20, 190, 60)
"""What a camera sees that sees no face."""

FPS = 10
WIDE = 1200
"""Pixels of a face that is found but cannot be read: the face model has no such shape."""

FACE_S, WIDE_S, NO_FACE_S = 10, 6, 8
"""Of the film that the program has for a camera: a face, one far too wide, nobody."""

CAMERA = """(() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const context = canvas.getContext("2d");
  const picture = Object.assign(new Image(), { src: "data:image/jpeg;base64,FACE" });
  window.sees = "face"; // or "wide face", or "nobody"
  let count = 0;
  setInterval(() => {
    context.fillStyle = "rgb(COLOUR)";
    context.fillRect(0, 0, 640, 480);
    if (window.sees === "face") context.drawImage(picture, 80, count++ % 3); // which never is still
    if (window.sees === "wide face") context.drawImage(picture, -280, count++ % 3, WIDE, 480);
  }, 80);
  navigator.mediaDevices.getUserMedia = async ({ video }) => {
    if (!video) throw new Error("there is no microphone");
    return canvas.captureStream();
  };
})()"""
"""A camera whose picture has a face or not, as the test wants. The wide one is `WIDE`."""

SOONER = """async () => {
  const { ladderConfig } = await import("/page/calling/ladder.js");
  const times = { unsureFor: 0.5, sureFor: 1, settle: 2, stillFor: 60 };
  const config = ladderConfig({ ...pecheadCall.climber.config, ...times });
  pecheadCall.climber.change(config, "it is a test", performance.now() / 1000);
}"""
"""The ladder's steps follow each other sooner than in a call, but a still is waited for."""

SEEN = """() => {
  const canvas = new OffscreenCanvas(16, 16);
  const context = canvas.getContext("2d");
  context.drawImage(document.getElementById("video"), 0, 0, 16, 16);
  return [...context.getImageData(8, 8, 1, 1).data.slice(0, 3)];
}"""


def faces(folder: Path, count: int) -> list[Pixels]:
    with av.open(str(write_moving_portrait(folder / "clip.mp4", count))) as clip:
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in clip.decode(video=0)]


def film(folder: Path) -> Path:
    """In which the face disappears."""
    there = [seen(pixels, SIDE) for pixels in faces(folder, 2 * FPS)] * (FACE_S // 2)
    wide = [seen(pixels, WIDE) for pixels in faces(folder, 2 * FPS)] * (WIDE_S // 2)
    gone = [np.full((480, 640, 3), COLOUR, np.uint8)] * (NO_FACE_S * FPS)
    path = folder / "film.mp4"
    with closing(FileSink(path, 640, 480, FPS)) as sink:
        for k, pixels in enumerate([*there, *wide, *gone]):
            sink.write(Picture(pixels=pixels, captured_at=k / FPS))
    return path


def seen(face: Pixels, width: int) -> Pixels:
    """The camera's picture of it, ``width`` pixels wide in the middle."""
    drawn = np.asarray(cv2.resize(face, (width, 480)), np.uint8)
    pixels = np.full((480, 640, 3), COLOUR, np.uint8)
    if width > 640:
        return np.ascontiguousarray(drawn[:, (width - 640) // 2 :][:, :640])
    left = (640 - width) // 2
    pixels[:, left : left + width] = drawn
    return pixels


def opened(browser: Browser, folder: Path) -> Page:
    """With a camera, and a face before it."""
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(faces(folder, 1)[0], cv2.COLOR_RGB2BGR))
    words = {
        "FACE": base64.b64encode(jpeg.tobytes()).decode(),
        "COLOUR": str(COLOUR)[1:-1],
        "WIDE": str(WIDE),
    }
    script = CAMERA
    for word, text in words.items():
        script = script.replace(word, text)
    page = browser.new_page()
    page.add_init_script(script)
    return page


def is_coloured(pixels: Pixels) -> bool:
    """In the middle, about as `COLOUR`, which video leaves a strong green."""
    red, green, blue = pixels[100:156, 100:156].mean(axis=(0, 1))
    return bool(green - max(red, blue) > 100)


def coloured(host: End) -> list[bool]:
    """Of what it recorded, which pictures are those of a camera that sees no face."""
    return [is_coloured(pixels) for pixels in host.pictures()]


@WITH_LIBRARIES
def test_a_page_s_camera_is_seen_while_its_face_is_not_read(tmp_path: Path, chromium: str) -> None:
    with (
        hosting(tmp_path, "--line", "thin") as host,  # which sends no video itself
        sync_playwright() as playwright,
        closing(launch(playwright, chromium, None)) as browser,
    ):
        page = opened(browser, tmp_path)
        faults = watched_for_faults(page)
        page.goto(link_of(host))
        assert not page.is_checked("#show-camera"), "only who wants it is seen"
        page.check("#show-camera")
        assert not page.is_visible("#consent")
        page.set_input_files("#avatar", sample("astronaut.jpg"))
        page.click("#join")
        assert page.is_visible("#entrance"), "a photo needs a consent line"
        page.fill("#consent", "public domain: NASA")
        page.click("#join")
        host.hears(r"you see astronaut \(80 pixels\); consent: public domain: NASA")
        wait_until(page, f"pecheadCall.face?.figures.faces > {DEFAULT_FIT.calibration_frames}")
        wait_until(page, "pecheadCall.call.dialogue.peerIsReady")
        wait_until(page, "pecheadCall.climber.rung === 0")
        page.evaluate(SOONER)
        assert "not your camera" in page.inner_text("#notice")
        page.evaluate("() => { window.sees = 'wide face'; }")
        host.hears("you are sent motion and a fresh still of the camera: the face cannot be read")
        assert "a picture that your camera took just now" in page.inner_text("#notice")
        wait_until(page, "!!pecheadCall.climber.photo")  # while there still is a face
        page.evaluate("() => { window.sees = 'nobody'; }")
        host.hears("you are sent a small video of the camera, and motion: the face cannot be read")
        assert "They see a small video of your camera" in page.inner_text("#notice")
        wait_until(page, "pecheadCall.climber.sent?.connected")
        host.hears("you are sent video of the camera")
        page.wait_for_timeout(1500)
        page.evaluate("() => { window.sees = 'face'; }")
        host.hears("you are sent motion only: the face is read well again")
        assert "not your camera" in page.inner_text("#notice")
        page.evaluate("() => { window.sees = 'nobody'; }")
        wait_until(page, "pecheadCall.climber.rung === 2")
        wait_until(page, "pecheadCall.climber.sent?.connected")
        page.uncheck("#show-camera-now")
        assert page.evaluate("() => pecheadCall.climber.sent") is None, "it ends at once"
        host.hears("you are sent motion only: the camera may not be seen any more")
        time.sleep(0.5)
        page.click("#leave")
        host.end()
    assert not faults
    seen = coloured(host)
    assert sum(seen) > 25, "more than a second of it, of 25 pictures"
    assert not seen[0] and not seen[-1]


@WITH_LIBRARIES
def test_a_program_s_camera_is_seen_in_a_page(tmp_path: Path, chromium: str) -> None:
    camera = str(film(tmp_path))
    with (
        hosting(tmp_path, "--real-face", camera=camera) as host,
        sync_playwright() as playwright,
        closing(launch(playwright, chromium, None)) as browser,
    ):
        page = browser.new_page()
        faults = watched_for_faults(page)
        page.goto(link_of(host))
        page.click("#join")
        wait_until(page, "pecheadCall.climber?.theirs.rung === 1")
        assert "motion and a fresh still of their camera" in page.inner_text("#sent")
        wait_until(page, "pecheadCall.picture.figures.fresh > 3")
        assert page.inner_text("#badge") == "AI", "it is drawn"
        wait_until(page, "pecheadCall.climber?.theirs.rung === 3 && pecheadCall.cover.covers")
        assert page.inner_text("#badge") == "Camera"
        assert page.is_visible("#video")
        assert "video of their camera: the face cannot be read" in page.inner_text("#sent")
        drawn = page.evaluate("() => pecheadCall.picture.figures.pictures")
        assert np.abs(np.subtract(page.evaluate(SEEN), COLOUR)).max() < 40
        assert page.evaluate("() => pecheadCall.picture.figures.pictures") <= drawn + 1
        wait_until(page, "pecheadCall.climber.theirs.rung === 0 && !pecheadCall.cover.covers")
        assert page.inner_text("#badge") == "AI"
        assert not page.is_visible("#video")
        fresh = page.evaluate("() => pecheadCall.picture.figures.fresh")
        wait_until(page, f"pecheadCall.picture.figures.pictures > {drawn} + 3")
        assert page.evaluate("() => pecheadCall.picture.figures.fresh") <= fresh + 1
        page.click("#leave")
    assert not faults
