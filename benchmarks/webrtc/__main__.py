"""``python -m benchmarks.webrtc``: from a browser's camera to the avatar in its page, loop-back.

Chromium's camera is a clip whose frames are numbered in their pixels; the studio hands the numbers
on to the pictures that answer them. The latency of a frame is the time from its appearance in the
page's view of its own camera to its appearance in the avatar's video. Server and browser share the
machine, as they do for most users.
"""

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.moving_portrait import write_moving_portrait
from benchmarks.record import write_record
from benchmarks.webrtc.chromium import launch, write_mjpeg
from benchmarks.webrtc.cpu import cpu_seconds, cpu_seconds_of
from benchmarks.webrtc.frame_code import NUMBERS, draw_number
from benchmarks.webrtc.running import ROOT, running_server
from pechead_live.errors import InputError
from pechead_live.live.measurements import percentile

CLIP = ROOT.parent / "shared" / "data" / "test" / "clips" / "v0011.mp4"
STAND_IN = ROOT / "out" / "latency" / "moving_portrait.mp4"
"""Drawn when that clip is not there."""

FRAMES = 500
"""Of the camera's file; it starts again at its end, and the numbers with it."""

CONTROLS = 12
"""Times that the head's turn is set."""

GOALS = {"p95_ms": 150.0, "control_max_ms": 300.0}
"""At most, on two cores shared with the browser."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs every model and size, prints a table, writes the record."""
    parser = argparse.ArgumentParser(prog="benchmarks.webrtc", description=__doc__)
    parser.add_argument("--model", nargs="+", default=["analytic", "lite-s"])
    parser.add_argument("--size", nargs="+", default=["256", "512"])
    parser.add_argument("--fps", type=int, default=25, help="of the camera (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="each (default: %(default)s)")
    parser.add_argument("--clip", type=Path, help="what the camera sees (default: a test clip)")
    arguments = parser.parse_args(argv)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise InputError("there is no program chromium: install it")
    clip = arguments.clip or (CLIP if CLIP.is_file() else write_moving_portrait(STAND_IN))
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        camera = write_mjpeg(camera_pictures(clip), Path(folder) / "camera.mjpeg")
        for model in arguments.model:
            for size in arguments.size:
                rows.append(measured(arguments, Path(folder), camera, chromium, model, size))
                print(rows[-1], flush=True)
    settings = {
        "clip": clip.name,
        "camera_fps": arguments.fps,
        "seconds": arguments.seconds,
        "codec": "VP8",
        "goals": GOALS,
    }
    print(write_record("webrtc", {"runs": rows}, settings))
    return 0


def camera_pictures(clip: Path) -> Iterator[np.ndarray]:
    """The clip's first frames, 640 x 480 and numbered."""
    with av.open(str(clip)) as film:
        for number, frame in zip(range(FRAMES), film.decode(video=0), strict=False):
            yield draw_number(fitted(frame.to_ndarray(format="rgb24")), number)


def fitted(pixels: np.ndarray) -> np.ndarray:
    """(480, 640, 3) with ``pixels`` whole in its middle."""
    zoom = min(640 / pixels.shape[1], 480 / pixels.shape[0])
    size = (round(pixels.shape[1] * zoom), round(pixels.shape[0] * zoom))
    scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    left, top = (640 - size[0]) // 2, (480 - size[1]) // 2
    whole = np.zeros((480, 640, 3), np.uint8)
    whole[top : top + size[1], left : left + size[0]] = scaled
    return whole


def measured(
    arguments: argparse.Namespace,
    folder: Path,
    camera: Path,
    chromium: str,
    model: str,
    size: str,
) -> dict[str, Any]:
    """One run: server and browser are started for it."""
    with running_server(folder) as server, sync_playwright() as playwright:
        browser = launch(playwright, chromium, camera, fps=arguments.fps)
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        context.add_init_script(f"window.cameraRate = {arguments.fps};")
        context.add_init_script(path=Path(__file__).with_name("page_watch.js"))
        found = _watched(context.new_page(), server.link, server.pid, arguments, model, size)
        browser.close()
    return found


def _watched(
    page: Page, link: str, server: int, arguments: argparse.Namespace, model: str, size: str
) -> dict[str, Any]:
    page.goto(link)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_timeout(4000)
    page.evaluate(
        """async ([model, size]) => {
          const id = (await (await fetch("/api/v1/sessions")).json()).sessions[0];
          await fetch(`/api/v1/sessions/${id}/controls`, {method: "PATCH",
            headers: {"Content-Type": "application/json"}, body: JSON.stringify({model, size})});
          watchVideos();
        }""",
        [model, size],
    )
    page.wait_for_timeout(4000)
    before = page.evaluate("seenVideos()")
    cpu = [cpu_seconds(server), cpu_seconds_of("chrom")]
    page.wait_for_timeout(1000 * arguments.seconds)
    after = page.evaluate("seenVideos()")
    seconds = (after["now"] - before["now"]) / 1000
    shares = [
        round(100 * (now - then) / seconds)
        for now, then in zip([cpu_seconds(server), cpu_seconds_of("chrom")], cpu, strict=True)
    ]
    status = page.evaluate(
        """async () => {
          const id = (await (await fetch("/api/v1/sessions")).json()).sessions[0];
          return await (await fetch(`/api/v1/sessions/${id}/status`)).json();
        }"""
    )
    latencies = matched(after["own"], after["avatar"])
    controls = page.evaluate(
        """async (count) => {
          const id = (await (await fetch("/api/v1/sessions")).json()).sessions[0];
          const set = (patch) => fetch(`/api/v1/sessions/${id}/controls`, {method: "PATCH",
            headers: {"Content-Type": "application/json"}, body: JSON.stringify(patch)});
          return await controlTimes(set, count);
        }""",
        CONTROLS,
    )
    return {
        "model": model,
        "size": size,
        "drawn_by": status["drawn_by"],
        "fps": round((after["decoded"] - before["decoded"]) / seconds, 1),
        "p50_ms": round(percentile(latencies, 50), 1),
        "p95_ms": round(percentile(latencies, 95), 1),
        "mean_ms": round(statistics.fmean(latencies), 1) if latencies else None,
        "matched": len(latencies),
        "control_p50_ms": round(percentile(controls, 50), 1),
        "control_max_ms": round(max(controls), 1),
        "server_ms": status["latency_ms"],
        "bitrate_kbit": status["bitrate_kbit"],
        "packets_lost": after["lost"],
        "server_cpu_percent_of_a_core": shares[0],
        "browser_cpu_percent_of_a_core": shares[1],
    }


def matched(own: list[list[float]], avatar: list[list[float]]) -> list[float]:
    """Milliseconds from a number in ``own`` to its next appearance in ``avatar``.

    Both hold [number, time]; numbers start again, so that a match lies within two seconds.
    """
    found: list[float] = []
    for number, shown in avatar:
        times = [time for other, time in own if other == number and 0 <= shown - time < 2000]
        if times:
            found.append(shown - max(times))
    return found


if __name__ == "__main__":
    assert NUMBERS > FRAMES
    raise SystemExit(main())
