"""The tracker in a page gives what the tracker in Python gives."""

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from page_modules import WITH_LIBRARIES, opened_page, told
from PIL import Image

from pechead_live.avatar.file import open_avatar
from pechead_live.errors import MissingAssetError
from pechead_live.frame import Frame, Pixels
from pechead_live.motion import MotionConfig, Overrides
from pechead_live.page_libraries import find_library
from pechead_live.rotation import angle_between
from pechead_live.samples import sample
from pechead_live.steps import motion_step, smoothing_step
from pechead_live.tracker.mediapipe import open_mediapipe_tracker
from pechead_live.tracker.page_solver import page_solver

pytestmark = WITH_LIBRARIES

AVATAR = open_avatar(sample("astronaut.avatar"))
FPS = 30
PICTURES = 16

TRACK = """async ({ paths, rest }) => {
  const { openTracker, PageTracker } = await import("/page/page_tracker.js");
  const visionModule = await import("/library/vision_bundle.mjs");
  const solver = await (await fetch("/solver.bin")).arrayBuffer();
  const parts = { visionModule, wasmUrl: "/library", modelUrl: "/face_landmarker.task", solver };
  const tracker = await openTracker(parts);
  let found;
  const { landmarker } = tracker;
  const detectForVideo = (...asked) => (found = landmarker.detectForVideo(...asked));
  tracker.landmarker = { detectForVideo };
  const again = new PageTracker({ detectForVideo: () => found }, tracker.solver);
  again.setAvatar(heard(rest));
  const rows = [];
  for (const [at, path] of paths.entries()) {
    const picture = await createImageBitmap(await (await fetch(path)).blob());
    if (tracker.track(picture, NaN) !== null) throw new Error("a frame without a time");
    const pair = [tracker.read(picture, at / 30), again.track(picture, at / 30)];
    rows.push(pair.map((coefficients) => coefficients && told(coefficients)));
  }
  if (again.track(document.createElement("video"), 9) !== null) throw new Error("no picture");
  landmarker.close();
  return rows;
}"""


@pytest.fixture(scope="module")
def page(chromium: str, face_landmarker: Path) -> Iterator[Any]:
    more = {"/solver.bin": page_solver, "/face_landmarker.task": face_landmarker.read_bytes}
    nobody = np.full((360, 480, 3), 90, np.uint8)
    pictures = [*driven_photo(), nobody, nobody]
    for at, picture in enumerate(pictures):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=1)
        more[f"/{at}.png"] = file.getvalue
    with opened_page(chromium, more) as opened:
        yield opened


def driven_photo() -> list[Pixels]:
    """The bundled photo, moved, turned and nearer from frame to frame."""
    photo = np.asarray(Image.open(sample("astronaut.jpg")).convert("RGB"))
    pictures = []
    for at in range(PICTURES):
        share = at / PICTURES
        matrix = cv2.getRotationMatrix2D((220, 120), 8 * math.sin(4 * share), 1 + 0.3 * share)
        matrix[:, 2] += (20 + 40 * share, 30 + 20 * share)
        pictures.append(np.asarray(cv2.warpAffine(photo, matrix, (480, 360)), np.uint8))
    return pictures


def test_the_page_tracks_pictures_as_python_does(page: Any, face_landmarker: Path) -> None:
    try:
        find_library("tasks-vision", download=False)
    except MissingAssetError as error:
        pytest.skip(str(error))
    asked: list[tuple[str, str]] = []
    refused: list[str] = []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    page.on("console", lambda line: refused.append(line.text) if "Policy" in line.text else None)
    paths = [f"/{at}.png" for at in range(PICTURES + 2)]
    rows = page.evaluate(TRACK, {"paths": paths, "rest": told(AVATAR.rest)})
    assert rows[-2:] == [[None, None]] * 2, "no face, no coefficients"
    assert refused == []
    assert all(way == "GET" and url.startswith(page.url) for way, url in asked), "nothing leaves"

    tracker = open_mediapipe_tracker(face_landmarker)
    smoothing, motion = smoothing_step(), motion_step(AVATAR.rest, MotionConfig(), Overrides())
    memory, state = smoothing.initial(), motion.initial()
    for at, picture in enumerate(driven_photo()):
        seen = tracker.track(Frame(pixels=picture, captured_at=at / FPS))
        assert seen is not None, at
        believed, memory = smoothing.apply(seen, memory)
        assert believed is not None, at
        moved, state = motion.apply(believed, state)
        for mine, theirs in zip((seen, moved), rows[at], strict=True):
            assert mine is not None and theirs is not None, at
            rotation = np.array(theirs["rotation"], np.float32).reshape(3, 3)
            way = np.linalg.norm(mine.translation - theirs["translation"]) / mine.scale
            assert angle_between(mine.rotation, rotation) < 0.5, at
            assert way < 0.02 and mine.scale == pytest.approx(theirs["scale"], rel=0.02), at
            assert np.abs(mine.expression - theirs["expression"]).mean() < 0.01, at
    tracker.close()
