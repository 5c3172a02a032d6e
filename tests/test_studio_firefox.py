"""The studio in Firefox: it appears, follows, stands still when it is told to, and ends."""

import asyncio
from pathlib import Path

import av
import numpy as np
import pytest
from studio_browser import running_studio
from studio_firefox import firefox_tab

from benchmarks.moving_portrait import write_moving_portrait

pytestmark = pytest.mark.firefox

VIDEO = 'document.querySelector("#avatar-video")'

CHANGE = f"""(async () => {{
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [64, 64];
  const seen = () => {{
    canvas.getContext("2d").drawImage({VIDEO}, 0, 0, 64, 64);
    return canvas.getContext("2d").getImageData(0, 0, 64, 64).data;
  }};
  const before = seen();
  let most = 0;
  for (let i = 0; i < 10; i++) {{
    await new Promise((wake) => setTimeout(wake, 100));
    const now = seen();
    let sum = 0;
    for (let k = 0; k < now.length; k++) sum += Math.abs(now[k] - before[k]);
    most = Math.max(most, sum / now.length);
  }}
  return most;
}})()"""
"""Mean levels by which the avatar's picture changes within a second, at most."""

SECONDS = 6
"""In which a frozen picture comes to stand still: the encoder sharpens one for some seconds. The
driver moves in every one of them."""


def test_the_avatar_appears_follows_and_freezes(tmp_path: Path, firefox: str) -> None:
    with av.open(str(write_moving_portrait(tmp_path / "clip.mp4", 60))) as clip:
        pictures = [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in clip.decode(video=0)
        ]

    async def visit(link: str) -> None:
        async with firefox_tab(firefox, tmp_path) as tab:
            await tab.open(link, pictures)
            await tab.press("Start")
            await tab.until(f"{VIDEO}.videoWidth === 512 && {VIDEO}.currentTime > 1")
            moving = await tab.value(CHANGE)
            await tab.type("f")
            frozen = [await tab.value(CHANGE) for _ in range(SECONDS)]
            assert moving > 1.5 > 3 * min(frozen), (moving, frozen)
            await tab.press("Stop")
            await tab.until("document.body.innerText.includes('Start')")
            assert not tab.errors

    with running_studio(tmp_path) as link:
        asyncio.run(visit(link))
