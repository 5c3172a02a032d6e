"""Firefox, headless, driven over WebDriver BiDi (W3C), with moving pictures for its camera."""

import asyncio
import base64
import itertools
import json
import re
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
from aiohttp import ClientSession, ClientWebSocketResponse

from pechead_live.frame import Pixels

PREFERENCES: dict[str, Any] = {
    "media.autoplay.default": 0,  # a page that nobody has touched may play
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,  # no mDNS without a network
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}

CAMERA = """() => {
  if (!navigator.mediaDevices) return;
  const pictures = PICTURES.map((jpeg) => {
    const picture = new Image();
    picture.src = "data:image/jpeg;base64," + jpeg;
    return picture;
  });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = SIZE;
  let shown = 0;
  setInterval(() => {
    const picture = pictures[shown++ % pictures.length];
    if (picture.complete) canvas.getContext("2d").drawImage(picture, 0, 0);
  }, 33);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
}"""
"""Firefox has no camera to be had from a file; its own fake one shows no face."""


class Tab:
    """A page in Firefox."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket, self._numbers = socket, itertools.count(1)
        self._context = ""
        self.errors: list[str] = []
        """What scripts and the console complained of."""

    async def call(self, method: str, **parameters: Any) -> Any:
        """The result of a command of WebDriver BiDi; its events are noted on the way."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            answer = json.loads(await asyncio.wait_for(self._socket.receive_str(), 60))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]
            if answer.get("params", {}).get("level") == "error":
                self.errors.append(answer["params"]["text"])

    async def open(self, link: str, pictures: Sequence[Pixels]) -> None:
        """Goes to ``link``, with ``pictures`` (H, W, 3) again and again for a camera."""
        await self.call("session.new", capabilities={})
        await self.call("session.subscribe", events=["log.entryAdded"])
        self._context = (await self.call("browsingContext.getTree"))["contexts"][0]["context"]
        jpegs = [cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes() for picture in pictures]
        encoded = json.dumps([base64.b64encode(jpeg).decode() for jpeg in jpegs])
        height, width = pictures[0].shape[:2]
        script = CAMERA.replace("PICTURES", encoded).replace("SIZE", f"[{width}, {height}]")
        await self.call("script.addPreloadScript", functionDeclaration=script)
        await self.call(
            "browsingContext.navigate", context=self._context, url=link, wait="complete"
        )

    async def value(self, expression: str) -> Any:
        """What ``expression`` is in the page: a number, a string, true, false or null."""
        answer = await self.call(
            "script.evaluate",
            expression=expression,
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    async def press(self, name: str) -> None:
        """Clicks the button with this text as soon as it is there."""
        found = f"""[...document.querySelectorAll("button")].find(
          (button) => button.textContent.trim() === {json.dumps(name)})"""
        await self.until(f"{found} !== undefined")
        await self.value(f"{found}.click()")

    async def type(self, key: str) -> None:
        """A key of the keyboard, down and up."""
        strokes = [{"type": step, "value": key} for step in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        await self.call("input.performActions", context=self._context, actions=[keyboard])

    async def until(self, expression: str, seconds: float = 40.0) -> None:
        """Waits until ``expression`` is true in the page."""
        async with asyncio.timeout(seconds):
            while not await self.value(expression):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def firefox_tab(program: str, folder: Path) -> AsyncGenerator[Tab]:
    """A new Firefox whose profile is in ``folder``."""
    profile = folder / "profile"
    profile.mkdir()
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--no-remote", "--profile", str(profile)]
    log = folder / "firefox.log"
    with log.open("w") as out:
        firefox = subprocess.Popen(
            [*command, "--remote-debugging-port", "0"], stdout=out, stderr=out
        )
    try:
        async with asyncio.timeout(60):
            while not (found := re.search(r"BiDi listening on (ws://\S+)", log.read_text())):
                assert firefox.poll() is None, log.read_text()
                await asyncio.sleep(0.1)
        async with (
            ClientSession() as session,
            session.ws_connect(found[1] + "/session", max_msg_size=0) as socket,
        ):
            yield Tab(socket)
    finally:
        firefox.terminate()
        firefox.wait(30)
