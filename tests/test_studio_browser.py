"""The studio in a real browser: Chromium, a moving face as its camera, the page and the server."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from studio_browser import avatar_picture, running_studio, watched

from benchmarks.moving_portrait import write_moving_portrait
from benchmarks.webrtc.chromium import launch, write_mjpeg
from pechead_live.detector.landmarker import Landmarker
from pechead_live.samples import sample

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that talks and turns, as Chromium's webcam."""
    folder = tmp_path_factory.mktemp("camera")
    with av.open(str(write_moving_portrait(folder / "clip.mp4", 100))) as clip:
        pictures = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
    return write_mjpeg(pictures, folder / "camera.mjpeg")


@pytest.fixture
def browser(playwright: Playwright, chromium: str, camera: Path) -> Iterator[Browser]:
    """With that face before it; closed whatever happens, or its page would connect again."""
    opened = launch(playwright, chromium, camera)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_studio(tmp_path_factory.mktemp("studio")) as link:
        yield link


def until(done: Callable[[], bool], what: str, page: Page, seconds: float = 30.0) -> float:
    """Waits; how long it took, seconds."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, f"waited {seconds} s for {what}"
        page.wait_for_timeout(15)
    return time.monotonic() - began


def shown(page: Page) -> np.ndarray:
    picture = avatar_picture(page)
    assert picture is not None
    return picture.astype(np.float32)


def asked(page: Page, path: str) -> Any:
    """What the API answers to the page."""
    return page.evaluate(f"fetch('/api/v1{path}').then((answer) => answer.json())")


def controls(page: Page) -> dict[str, Any]:
    """Those of the one session."""
    (name,) = asked(page, "/sessions")["sessions"]
    return asked(page, f"/sessions/{name}")["controls"]


def avatars(page: Page) -> dict[str, str]:
    """Name to id."""
    return {avatar["name"]: avatar["id"] for avatar in asked(page, "/avatars")["avatars"]}


END_ALL = """async () => {
  for (const name of (await (await fetch("/api/v1/sessions")).json()).sessions) {
    await fetch(`/api/v1/sessions/${name}`, {method: "DELETE"});
  }
}"""


def start(page: Page, link: str) -> None:
    page.goto(link)
    page.evaluate(END_ALL)  # a browser that is closed at once leaves its session behind for a while
    page.get_by_role("button", name=re.compile("^start", re.IGNORECASE)).first.click()
    until(lambda: avatar_picture(page) is not None, "the avatar", page)
    expect(page.locator("#state")).to_have_text(re.compile("live", re.IGNORECASE), timeout=20_000)


def test_the_avatar_appears_follows_and_obeys(
    browser: Browser, studio: str, face_landmarker: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    troubles = watched(page)
    start(page, studio)

    landmarker = Landmarker(face_landmarker, faces=1)
    marks: list[np.ndarray] = []

    def moves() -> bool:
        found = landmarker.measure(shown(page).astype(np.uint8), len(marks) / 10)
        assert found is not None, "the avatar's picture has no face"
        marks.append(found.points[[1, 13, 14, 61, 291], :2])
        page.wait_for_timeout(100)
        return len(marks) >= 40 and float(np.ptp(marks, axis=0).max()) > 0.01

    until(moves, "its nose and lips to move by a hundredth of the picture", page)
    landmarker.close()

    page.keyboard.press("i")
    page.wait_for_timeout(2500)
    rest = shown(page)
    page.evaluate(
        """async () => {
          const id = (await (await fetch("/api/v1/sessions")).json()).sessions[0];
          await fetch(`/api/v1/sessions/${id}/controls`, {method: "PATCH",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify({pose: {yaw: 25}})});
        }"""
    )
    turned = until(lambda: np.abs(shown(page) - rest).mean() > 4, "the head to turn", page, 5.0)
    assert turned < 2.0, f"a slider acted after {turned:.2f} s"
    page.keyboard.press("m")
    mirrored = until(lambda: np.abs(shown(page) - rest).mean() > 8, "the mirror", page, 5.0)
    assert mirrored < 2.0

    page.get_by_role("button", name=re.compile("^stop", re.IGNORECASE)).first.click()
    until(lambda: asked(page, "/sessions")["sessions"] == [], "the session's end", page)
    assert troubles == []


def test_a_portrait_is_added_and_chosen_while_live(
    browser: Browser, studio: str, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    troubles = watched(page)
    start(page, studio)
    text = tmp_path / "notes.jpg"
    text.write_text("this is no picture")
    refused = page.evaluate(
        """async (bytes) => {
          const answer = await fetch("/api/v1/avatars?name=x&consent=mine", {method: "POST",
            headers: {"Content-Type": "application/octet-stream"}, body: new Uint8Array(bytes)});
          return [answer.status, (await answer.json()).error.code];
        }""",
        list(text.read_bytes()),
    )
    assert refused == [400, "bad_picture"]
    troubles.clear()  # the browser reports a 400 as an error of the console

    page.get_by_role("button", name=re.compile("new avatar", re.IGNORECASE)).first.click()
    page.locator("input[type=file]").first.set_input_files(str(sample("astronaut.jpg")))
    page.get_by_label("Name", exact=True).fill("Eileen again")
    page.locator("form input").nth(1).fill("public domain")
    page.get_by_role("button", name="Make the avatar").click()
    chosen = page.get_by_role("button", name=re.compile("Eileen again")).first
    expect(chosen).to_be_visible(timeout=60_000)
    until(lambda: controls(page)["avatar"] == avatars(page)["Eileen again"], "the switch", page)
    assert page.locator("#state").inner_text().lower().startswith("live")
    assert troubles == []


def test_a_connection_that_breaks_comes_back(browser: Browser, studio: str) -> None:
    page = browser.new_page()
    start(page, studio)
    (name,) = asked(page, "/sessions")["sessions"]
    # another page takes over as the sender: the server hangs up on the first one
    other = browser.new_page()
    other.goto(studio)
    other.evaluate(
        """async (name) => {
          const peer = new RTCPeerConnection();
          peer.addTransceiver("video", {direction: "recvonly"});
          await peer.setLocalDescription(await peer.createOffer());
          await new Promise((done) => setTimeout(done, 500));
          const answer = await fetch(`/api/v1/sessions/${name}/offer`, {method: "POST",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify({offer: {type: "offer", sdp: peer.localDescription.sdp}})});
          await peer.setRemoteDescription((await answer.json()).answer);
        }""",
        name,
    )
    other.close()
    page.bring_to_front()
    until(lambda: "live" not in page.locator("#state").inner_text().lower(), "the break", page)
    expect(page.locator("#state")).to_have_text(re.compile("^live", re.IGNORECASE), timeout=30_000)
    assert asked(page, "/sessions")["sessions"] == [name]
    before = shown(page)
    until(lambda: np.abs(shown(page) - before).mean() > 0.3, "a moving picture again", page)


def test_a_refused_camera_and_a_browser_without_webrtc_are_explained(
    playwright: Playwright, chromium: str, studio: str
) -> None:
    browser = launch(playwright, chromium, None)
    page = browser.new_page()
    page.goto(studio)
    page.evaluate(END_ALL)
    page.get_by_role("button", name=re.compile("^start", re.IGNORECASE)).first.click()
    expect(page.locator("#notices")).to_contain_text(
        re.compile("camera", re.IGNORECASE), timeout=10_000
    )
    assert asked(page, "/sessions")["sessions"] == []
    without = browser.new_page()
    without.add_init_script("delete window.RTCPeerConnection")
    without.goto(studio)
    expect(without.locator("#notices")).to_contain_text("no WebRTC", timeout=10_000)
    browser.close()
