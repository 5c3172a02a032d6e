"""``python -m benchmarks.webrtc.lip_sync``: is a viewer's sound in step with the picture?

One page of Chromium drives: its camera's frames are numbered, its microphone beeps. Another one
views. A frame's way is from its appearance in the driver's view of its own camera to the viewer's
video, a beep's from the microphone's graph to what the viewer's page plays. Both end where the page
hands them on, not at screen and loudspeaker; the driver's own view shows a frame some milliseconds
after the camera gave it, so that the sound is earlier than the figure by those.
"""

import argparse
import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.moving_portrait import write_moving_portrait
from benchmarks.record import write_record
from benchmarks.webrtc.__main__ import CLIP, STAND_IN, camera_pictures, matched
from benchmarks.webrtc.chromium import launch, write_mjpeg
from benchmarks.webrtc.running import running_server
from pechead_live.errors import InputError
from pechead_live.live.measurements import percentile

FPS = 25

GOAL_MS = 40.0
"""By which sound and picture may be apart."""

SETTLING_S = 14.0
"""Until Chromium has found its delays: it moves them by steps of 80 ms a second."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures each size, prints it, writes the record."""
    parser = argparse.ArgumentParser(prog="benchmarks.webrtc.lip_sync", description=__doc__)
    parser.add_argument("--size", nargs="+", default=["256x256", "512x512"])
    parser.add_argument("--seconds", type=float, default=20.0, help="each (default: %(default)s)")
    arguments = parser.parse_args(argv)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise InputError("there is no program chromium: install it")
    clip = CLIP if CLIP.is_file() else write_moving_portrait(STAND_IN)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        camera = write_mjpeg(camera_pictures(clip), Path(folder) / "camera.mjpeg")
        for size in arguments.size:
            browser = launch(playwright, chromium, camera, fps=FPS)
            with running_server(Path(folder)) as server:
                rows.append(measured(browser, server.link, size, arguments.seconds))
                browser.close()
            print(rows[-1], flush=True)
    settings = {"clip": clip.name, "seconds": arguments.seconds, "goal_ms": GOAL_MS}
    print(write_record("webrtc.lip_sync", {"viewers": rows}, settings))
    return 0


def measured(browser: Browser, link: str, size: str, seconds: float) -> dict[str, Any]:
    """A driver and a viewer, each in a window of its own: what is hidden is not drawn."""
    driver, viewer = (_page(browser) for _ in range(2))
    driver.goto(link)
    driver.get_by_role("button", name="Start", exact=True).click()
    driver.wait_for_timeout(4000)
    name = driver.evaluate(
        """async (size) => {
          const id = (await (await fetch("/api/v1/sessions")).json()).sessions[0];
          await fetch(`/api/v1/sessions/${id}/controls`, {method: "PATCH",
            headers: {"Content-Type": "application/json"}, body: JSON.stringify({size})});
          watchVideos();
          return id;
        }""",
        size,
    )
    viewer.goto(f"{link}?view={name}")
    viewer.wait_for_timeout(3000)
    viewer.get_by_role("button", name="Sound").click()
    viewer.evaluate("listen().then(watchVideos)")
    viewer.wait_for_timeout(1000 * SETTLING_S)
    began = viewer.evaluate("performance.timeOrigin + performance.now()")
    for page in (driver, viewer):
        page.evaluate("seenVideos()")
    viewer.wait_for_timeout(1000 * seconds)
    own, seen = (_numbers(page, of) for page, of in ((driver, "own"), (viewer, "avatar")))
    frames = matched(own, seen)
    beeps = driver.evaluate("soundTimes().beeps")
    heard = [at for at in viewer.evaluate("soundTimes().heard") if at > began]
    sounds = [at - beeps[bisect_right(beeps, at) - 1] for at in heard if at > beeps[0]]
    return {
        "size": size,
        "frames": len(frames),
        "beeps": len(sounds),
        "picture_p50_ms": round(percentile(frames, 50), 1),
        "sound_p50_ms": round(percentile(sounds, 50), 1),
        "sound_after_picture_ms": round(percentile(sounds, 50) - percentile(frames, 50), 1),
    }


def _page(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    context.add_init_script(f"window.cameraRate = {FPS};")
    for name in ("page_watch.js", "sound_watch.js"):
        context.add_init_script(path=Path(__file__).with_name(name))
    return context.new_page()


def _numbers(page: Page, of: str) -> list[list[float]]:
    """[number, milliseconds since 1970] of each frame that was shown."""
    origin = page.evaluate("performance.timeOrigin")
    return [[number, origin + at] for number, at in page.evaluate("seenVideos()")[of]]


if __name__ == "__main__":
    raise SystemExit(main())
