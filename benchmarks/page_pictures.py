"""The README's picture of the studio: ``python -m benchmarks.page_pictures``."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import av
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.moving_portrait import write_moving_portrait
from benchmarks.webrtc.chromium import launch, write_mjpeg
from pechead_live.errors import InputError

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH, HEIGHT = 1440, 900


def main() -> None:
    """Writes docs/studio.webp."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise InputError("there is no program chromium: install it")
    with tempfile.TemporaryDirectory() as folder:
        clip = write_moving_portrait(Path(folder) / "clip.mp4")
        with av.open(str(clip)) as film:
            pictures = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        camera = write_mjpeg(pictures, Path(folder) / "camera.mjpeg")
        command = [sys.executable, "-m", "pechead_live", "serve", "--port", "0"]
        command += ["--gallery", folder, "--recordings", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                found = re.search(r"http://\S+", server.stdout.readline())
                assert found is not None, "the server says where it is"
                with sync_playwright() as playwright:
                    browser = launch(playwright, chromium, camera)
                    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
                    _take(page, found[0], Path(folder))
                    browser.close()
            finally:
                server.terminate()


def _take(page: Page, link: str, folder: Path) -> None:
    page.goto(link)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_timeout(6000)
    page.keyboard.press("c")
    page.wait_for_timeout(9000)
    page.get_by_role("tab", name="Motion").click()
    page.wait_for_timeout(500)
    page.screenshot(path=folder / "page.png")
    picture = Image.open(folder / "page.png").convert("RGB")
    picture.save(DOCS / "studio.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
