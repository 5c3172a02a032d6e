"""Video of a page in a program: the colours that the camera saw."""

import asyncio
from collections.abc import Coroutine, Iterator
from threading import Thread
from typing import Any

import numpy as np
import pytest
from page_modules import call_files, opened_page

from pechead_live.calling.ladder.pictures_seen import PicturesSeen
from pechead_live.frame import Picture, Pixels
from pechead_live.studio.rtc.outgoing import video_frame
from pechead_live.studio.rtc.peer import open_peer

pytestmark = pytest.mark.browser

COLOURS = np.array([[[20, 190, 60], [200, 30, 30]], [[120, 120, 120], [40, 60, 220]]], np.uint8)
"""Of four squares."""

SEND = """async (colours) => {
  const { PicturesSent } = await import("/page/calling/pictures_sent.js");
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const context = canvas.getContext("2d");
  colours.forEach((row, y) => row.forEach((colour, x) => {
    context.fillStyle = `rgb(${colour})`;
    context.fillRect(80 + 240 * x, 240 * y, 240, 240);
  }));
  window.sent = new PicturesSent(new RTCPeerConnection(), 2);
  setInterval(() => sent.put(canvas, performance.now() / 1000), 40);
  return await sent.offer();
}"""

CONVERT = """async ([rgba, width, height]) => {
  const { i420 } = await import("/page/calling/i420_track.js");
  return [...i420(Uint8ClampedArray.from(rgba), width, height)];
}"""


LONGEST_S = 20.0


async def first_seen(pictures: PicturesSeen) -> Pixels:
    """Once the encoder has settled."""
    async with asyncio.timeout(LONGEST_S):
        while (pixels := pictures.picture()) is None or pictures.count < 10:
            await asyncio.sleep(0.05)
    await pictures.close()
    return pixels


async def answered(offer: str) -> tuple[PicturesSeen, str]:
    pictures = PicturesSeen(open_peer([]))
    return pictures, await pictures.answer(offer)


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    with opened_page(chromium, call_files()) as opened:
        yield opened


def test_a_page_s_video_has_the_colours_that_were_seen(page: Any) -> None:
    loop = asyncio.new_event_loop()  # of its own thread: the page's driver has this one's
    thread = Thread(target=loop.run_forever)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(LONGEST_S + 5)

    try:
        pictures, answer = run(answered(page.evaluate(SEND, COLOURS.tolist())))
        page.evaluate("(sdp) => sent.takeAnswer(sdp)", answer)
        found = run(first_seen(pictures))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
    assert found.shape == (192, 192, 3)
    for y in range(2):
        for x in range(2):
            middle = found[48 + 96 * y, 48 + 96 * x].astype(int)
            assert np.abs(middle - COLOURS[y, x]).max() < 8, (middle, COLOURS[y, x])


def test_the_page_converts_colours_as_programs_do(page: Any) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (32, 48, 3), np.uint8)
    pixels = np.repeat(np.repeat(pixels, 2, 0), 2, 1)  # programs take chroma otherwise
    rgba = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    told = page.evaluate(CONVERT, [rgba.ravel().tolist(), 96, 64])
    ours = video_frame(Picture(pixels=pixels, captured_at=1.0)).to_ndarray()
    assert np.abs(np.array(told) - ours.ravel().astype(int)).max() <= 1
