"""Ends of calls for tests: programs with files for devices, and pages of a browser."""

import json
import os
import re
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from playwright.sync_api import Page

from benchmarks.moving_portrait import write_moving_portrait
from benchmarks.webrtc.chromium import write_mjpeg
from pechead_live import assets, page_libraries
from pechead_live.samples import sample

RATE = 48_000
LONGEST_S = 60.0
TALKING = f"replay:{sample('talking.npz')}"


def write_beeps(folder: Path) -> Path:
    """A second of tone, a second of silence."""
    t = np.arange(2 * RATE) / RATE
    tone = (8000 * np.sin(2 * np.pi * 300 * t) * (t < 1)).astype(np.int16)
    path = folder / "beeps.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(tone.tobytes())
    return path


class End:
    """``pechead-live call`` as a process of its own, with files for all of its devices."""

    def __init__(
        self, folder: Path, name: str, beeps: Path, *words: str, camera: str = TALKING
    ) -> None:
        self.folder, self.name = folder, name
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "pechead_live", "call", *words]
        command += ["--source", str(sample("astronaut.avatar"))]
        command += ["--camera", camera, "--loop"]
        command += ["--microphone", f"file:{beeps}", "--speaker", f"file:{self.path('wav')}"]
        command += ["--sink", f"file:{self.path('mp4')}", "--size", "256"]
        command += ["--report", str(self.path("json")), "--as", name]
        cache = folder / f"cache-{name}"
        (cache / "pechead-live").mkdir(parents=True)
        for kept, there in (("page", page_libraries.CACHE), ("models", assets.CACHE)):
            (cache / "pechead-live" / kept).symlink_to(there)  # nothing is fetched in a test
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "PECHEAD_OFFLINE": "1"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def path(self, kind: str) -> Path:
        """Of what it writes."""
        return self.folder / f"{self.name}.{kind}"

    @property
    def said(self) -> str:
        """So far."""
        return self.log.read_text()

    def hears(self, pattern: str) -> str:
        """What ``pattern`` finds in what it says, once it does."""
        until = time.monotonic() + LONGEST_S
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(pattern, self.said)
            if found:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"{self.name} did not say {pattern!r}:\n{self.said}")

    def end(self) -> dict[str, Any]:
        """Its report, after Ctrl-C if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(2)
        assert self.process.wait(LONGEST_S) == 0, self.said
        return json.loads(self.path("json").read_text())

    def pictures(self) -> list[np.ndarray]:
        """What it showed."""
        with av.open(str(self.path("mp4"))) as film:
            return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]

    def loudness(self) -> float:
        """Share of the time in which something was heard."""
        with wave.open(str(self.path("wav"))) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        pieces = np.abs(sound[: len(sound) // 960 * 960].reshape(-1, 960).astype(int)).max(axis=1)
        return float((pieces > 2000).mean())


@contextmanager
def hosting(folder: Path, *words: str, camera: str = TALKING) -> Iterator[End]:
    """A program that waits for somebody."""
    words = ("host", "--host", "127.0.0.1", "--port", "0", *words)
    end = End(folder, "host", write_beeps(folder), *words, camera=camera)
    try:
        yield end
    finally:
        end.process.kill()
        end.process.wait()


def link_of(host: End) -> str:
    """What it printed."""
    return host.hears(r"the call is at http://\S+").rpartition(" ")[2]


def film_of_a_face(folder: Path) -> Path:
    """For Chromium's camera."""
    with av.open(str(write_moving_portrait(folder / "clip.mp4", 50))) as clip:
        pictures = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
    return write_mjpeg(pictures, folder / "camera.mjpeg")


def wait_until(page: Page, what: str) -> None:
    """Until the JavaScript ``what`` is true (the page's policy forbids Playwright's own way)."""
    until = time.monotonic() + LONGEST_S
    while not page.evaluate(f"() => {what}"):
        assert time.monotonic() < until, f"{what}: {page.inner_text('body')}"
        page.wait_for_timeout(100)


WATCHED = """() => {
  const { call, arrivals, picture, face } = globalThis.pecheadCall;
  return call && {
    ready: call.dialogue.peerIsReady,
    rides: call.dialogue.motion.counts.rides,
    frames: arrivals.counts.frames,
    pictures: picture.figures.pictures,
    faces: face ? face.figures.faces : 0,
    failures: picture.figures.failures,
    network: picture.figures.network,
  };
}"""
