"""Calls in which one end, or both, are pages of Chromium."""

from contextlib import closing
from pathlib import Path
from typing import Any

from call_ends import WATCHED, End, film_of_a_face, hosting, link_of, wait_until, write_beeps
from page_modules import WITH_LIBRARIES
from playwright.sync_api import Page, sync_playwright

from benchmarks.webrtc.chromium import launch

MEAN = """() => {
  const canvas = document.getElementById("picture");
  const { data } = canvas.getContext("2d").getImageData(0, 0, 256, 256);
  return data.reduce((sum, value) => sum + value) / data.length;
}"""


def watched_for_faults(page: Page) -> list[str]:
    """Filled while the page lives."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda r: faults.append(r.url) if r.status >= 400 else None)
    return faults


@WITH_LIBRARIES
def test_a_browser_that_opens_the_link_is_in_the_call(tmp_path: Path, chromium: str) -> None:
    with (
        hosting(tmp_path) as host,
        sync_playwright() as playwright,
        closing(launch(playwright, chromium, film_of_a_face(tmp_path), fps=10)) as browser,
    ):
        page = browser.new_page()
        faults = watched_for_faults(page)
        page.goto(link_of(host))
        assert "token" not in page.url
        page.click("#join")
        wait_until(page, "pecheadCall.face?.figures.faces > 3")
        wait_until(page, "pecheadCall.call.dialogue.peerIsReady")
        host.hears(r"you see .*consent: public domain")
        assert "public domain" in page.inner_text("#who"), "whose consent came with it is shown"
        page.wait_for_timeout(2000)
        seen: dict[str, Any] = page.evaluate(WATCHED)
        page.check("#use-network")
        wait_until(page, "!document.getElementById('use-network').disabled")
        drawn_before = page.evaluate(WATCHED)["pictures"]
        wait_until(page, f"pecheadCall.picture.figures.pictures > {drawn_before + 3}")
        drawn, after = page.evaluate(MEAN), page.evaluate(WATCHED)
        page.evaluate("() => { window.before = pecheadCall.call; before.peer.close(); }")
        wait_until(page, "pecheadCall.call !== window.before")  # without a goodbye: it comes again
        wait_until(page, "pecheadCall.arrivals.counts.frames > 3")
        assert page.inner_text("#leave") == "Hang up"
        page.click("#leave")
        host.hears("the guest has hung up")
        report = host.end()
    assert not faults
    assert seen["frames"] > 20 and seen["pictures"] > 3 and seen["rides"] > 5
    assert drawn > 100, "not an empty canvas"
    assert after["network"] == "wasm" and after["failures"] == 0, "onnxruntime-web draws"
    assert report["frames"] > 3, "the browser's motion has come"


@WITH_LIBRARIES
def test_two_browsers_meet_through_the_host_s_program(tmp_path: Path, chromium: str) -> None:
    words = ("host", "--in-browser", "--seconds", "100", "--host", "127.0.0.1", "--port", "0")
    program = End(tmp_path, "host", write_beeps(tmp_path), *words)
    try:
        own = program.hears(r"your own page is at http://\S+").rpartition(" ")[2]
        link = link_of(program)
        with (
            sync_playwright() as playwright,
            closing(launch(playwright, chromium, film_of_a_face(tmp_path), fps=5)) as browser,
        ):
            faults: list[list[str]] = []
            pages: list[Page] = []
            for address in (own, link):
                page = browser.new_context().new_page()
                faults.append(watched_for_faults(page))
                page.goto(address)
                assert "host=" not in page.url
                page.click("#join")
                pages.append(page)
            for page in pages:
                wait_until(page, "pecheadCall.arrivals?.counts.frames > 5")
                wait_until(page, "pecheadCall.call.dialogue.peerIsReady")
                assert "public domain" in page.inner_text("#who")
            pages[1].click("#leave")
            wait_until(pages[0], "document.body.innerText.includes('has hung up')")
    finally:
        program.process.kill()
        program.process.wait()
    assert faults == [[], []]
