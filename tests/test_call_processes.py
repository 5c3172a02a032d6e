"""Calls between two programs of their own, and between one and a browser."""

import json
import os
import re
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from page_modules import WITH_LIBRARIES
from playwright.sync_api import sync_playwright

from benchmarks.moving_portrait import write_moving_portrait
from benchmarks.webrtc.chromium import launch, write_mjpeg
from pechead_live.samples import sample

RATE = 48_000
LONGEST_S = 60.0


@pytest.fixture
def beeps(tmp_path: Path) -> Path:
    """A second of tone, a second of silence."""
    t = np.arange(2 * RATE) / RATE
    tone = (8000 * np.sin(2 * np.pi * 300 * t) * (t < 1)).astype(np.int16)
    path = tmp_path / "beeps.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(tone.tobytes())
    return path


class End:
    """``pechead-live call`` as a process of its own, with files for all of its devices."""

    def __init__(self, folder: Path, name: str, beeps: Path, *words: str) -> None:
        self.folder, self.name = folder, name
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "pechead_live", "call", *words]
        command += ["--source", str(sample("astronaut.avatar"))]
        command += ["--camera", f"replay:{sample('talking.npz')}", "--loop"]
        command += ["--microphone", f"file:{beeps}", "--speaker", f"file:{self.path('wav')}"]
        command += ["--sink", f"file:{self.path('mp4')}", "--size", "256"]
        command += ["--report", str(self.path("json")), "--as", name]
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / f"cache-{name}")}
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


@pytest.fixture
def host(tmp_path: Path, beeps: Path) -> Iterator[End]:
    """Waits for somebody."""
    end = End(tmp_path, "host", beeps, "host", "--host", "127.0.0.1", "--port", "0")
    yield end
    end.process.kill()
    end.process.wait()


def link_of(host: End) -> str:
    """What it printed."""
    return host.hears(r"http://\S+\?token=\S+")


def test_two_programs_see_and_hear_each_other(host: End, tmp_path: Path, beeps: Path) -> None:
    guest = End(tmp_path, "guest", beeps, "join", link_of(host))
    try:
        for end in (host, guest):
            end.hears(r"you see .* \(512 pixels\); consent: public domain")
        time.sleep(4.0)
        reports = [guest.end(), host.end()]
    finally:
        guest.process.kill()
    assert "the guest has hung up" in host.said
    for end, report in zip((guest, host), reports, strict=True):
        assert set(report["milestones_s"]) == {"connected", "glimpse", "avatar", "motion"}
        assert report["frames"] > 40 and report["packets"]["packets heard"] > 20
        assert report["packets"]["packets in sound"] > 20, "coefficients ride in the sound"
        pictures = end.pictures()
        moved = np.abs(pictures[-1].astype(int) - pictures[len(pictures) * 2 // 3]).mean()
        assert pictures[0].mean() < 60 < pictures[-1].mean(), "first dots, then the avatar"
        assert moved > 0.2, "it moves"
        assert end.loudness() > 0.15, "and is heard"


def test_a_wrong_secret_and_a_second_guest_are_refused(
    host: End, tmp_path: Path, beeps: Path
) -> None:
    link = link_of(host)
    stranger = End(
        tmp_path, "stranger", beeps, "join", re.sub("token=.*", "token=" + "x" * 20, link)
    )
    assert stranger.process.wait(LONGEST_S) == 2
    assert "token is missing or wrong" in stranger.said
    guest = End(tmp_path, "guest", beeps, "join", link)
    second = None
    try:
        guest.hears("you see")
        second = End(tmp_path, "second", beeps, "join", link)
        assert second.process.wait(LONGEST_S) == 2
        assert "somebody is in this call already" in second.said
    finally:
        for end in (guest, second):
            if end is not None:
                end.process.kill()


def wait_until(page: Any, what: str) -> None:
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
  };
}"""


@WITH_LIBRARIES
def test_a_browser_that_opens_the_link_is_in_the_call(
    host: End, tmp_path: Path, chromium: str
) -> None:
    link = link_of(host)
    with av.open(str(write_moving_portrait(tmp_path / "clip.mp4", 50))) as clip:
        pictures = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
    camera = write_mjpeg(pictures, tmp_path / "camera.mjpeg")
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium, camera, fps=10)
        page = browser.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("response", lambda r: faults.append(r.url) if r.status >= 400 else None)
        page.goto(link)
        assert "token" not in page.url
        page.click("#join")
        wait_until(page, "pecheadCall.face?.figures.faces > 3")
        wait_until(page, "pecheadCall.call.dialogue.peerIsReady")
        host.hears(r"you see .*consent: public domain")
        page.wait_for_timeout(3000)
        seen = page.evaluate(WATCHED)
        assert "public domain" in page.inner_text("#who"), "whose consent came with it is shown"
        drawn = page.evaluate(
            """() => {
              const canvas = document.getElementById("picture");
              const { data } = canvas.getContext("2d").getImageData(0, 0, 256, 256);
              return data.reduce((sum, value) => sum + value) / data.length;
            }"""
        )
        page.click("#leave")
        host.hears("the guest has hung up")
        browser.close()
    report = host.end()
    assert not faults
    assert seen["frames"] > 20 and seen["pictures"] > 3 and seen["rides"] > 5
    assert drawn > 100, "not an empty canvas"
    assert report["frames"] > 3, "the browser's motion has come"
