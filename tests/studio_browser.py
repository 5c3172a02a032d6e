"""Chromium with a real face as its camera, at a studio that runs in a process of its own."""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page


@contextmanager
def running_studio(folder: Path, *options: str) -> Iterator[str]:
    """The link of a `pechead-live serve` whose files lie below ``folder``."""
    log = (folder / "serve.log").open("w+")
    command = [sys.executable, "-m", "pechead_live", "serve", "--port", "0"]
    command += ["--gallery", str(folder / "avatars"), "--recordings", str(folder / "recordings")]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=log, text=True, env=environment
    )
    try:
        assert server.stdout is not None
        first = server.stdout.readline()
        found = re.search(r"http://\S+", first)
        assert found, first + (folder / "serve.log").read_text()
        yield found[0]
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            raise
        log.close()


def watched(page: Page) -> list[str]:
    """What the page complains of from now on: errors of scripts, of the console, of the policy."""
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(f"page error: {error}"))
    page.on(
        "console",
        lambda message: (
            troubles.append(f"{message.type}: {message.text}") if message.type == "error" else None
        ),
    )
    return troubles


SNAPSHOT = """() => {
  const video = document.querySelector("#avatar-video");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  if (!canvas.width) return null;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


def avatar_picture(page: Page) -> np.ndarray | None:
    """(H, W, 3) RGB what the page's video shows now; None before there is anything."""
    found: str | None = page.evaluate(SNAPSHOT)
    if found is None:
        return None
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(found), np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
