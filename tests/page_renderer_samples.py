"""What the tests of the page's renderer draw, and a server of what the page needs."""

import base64
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import EXPRESSION_SIZE, Coefficients, FloatArray, rotation_from_euler
from pechead_live.facemodel.apertures import LID_PAIRS
from pechead_live.facemodel.topology import LOWER_INNER_LIP, UPPER_INNER_LIP
from pechead_live.frame import Pixels
from pechead_live.renderer.page_model import page_model

PAGE = Path(str(resources.files("pechead_live.renderer") / "page"))
"""The folder of the modules."""

SIDES = ("Left", "Right")


def poses(rest: Coefficients) -> dict[str, Coefficients]:
    """By name: what a driver does, and what none does."""

    def posed(
        yaw: float = 0, pitch: float = 0, roll: float = 0, /, **values: float
    ) -> Coefficients:
        turn = rotation_from_euler(yaw, pitch, roll)
        moved = replace(rest, rotation=(turn @ rest.rotation).astype(np.float32))
        return moved.with_expressions(values)

    def placed(zoom: float, *shift: float) -> Coefficients:
        translation = rest.translation + np.array(shift, np.float32)
        return replace(posed(5), translation=translation, scale=rest.scale * zoom)

    def both(name: str, value: float) -> dict[str, float]:
        return {name + side: value for side in SIDES}

    beyond = np.full(EXPRESSION_SIZE, 3, np.float32)
    return {
        "rest": posed(),
        "to the right": posed(20),
        "to the left": posed(-20),
        "up": posed(0, 14),
        "tilted": posed(0, -8, 20),
        "open": posed(0, -6, jawOpen=0.8),
        "shut eyes": posed(**both("eyeBlink", 1.0)),
        "wink": posed(8, eyeBlinkLeft=0.6),
        "aside": posed(eyeLookInLeft=0.8, eyeLookOutRight=0.8),
        "upward": posed(browInnerUp=0.8, **both("eyeLookUp", 0.9)),
        "smile": posed(-10, **both("mouthSmile", 0.9), **both("cheekSquint", 0.5)),
        "near": placed(1.3, 0.3, -0.1),
        "far": placed(0.7, -0.2, 0.15),
        "extreme": replace(posed(30, 20, -25), expression=beyond),
    }


def with_shut_openings(avatar: Avatar) -> Avatar:
    """``avatar`` measured as if its eyes and lips were shut: what lies behind must be invented."""
    points = avatar.measured.points.copy()
    for upper, lower in (*LID_PAIRS, (UPPER_INNER_LIP, LOWER_INNER_LIP)):
        points[list(lower), :2] = points[list(upper), :2] + np.array([0, 0.002], np.float32)
    rest = avatar.rest
    shift = np.zeros_like(avatar.delta)
    shift[:, :2] = (points[:, :2] - avatar.points) / rest.scale
    return replace(
        avatar,
        measured=avatar.measured._replace(points=points),
        delta=(avatar.delta + shift @ rest.rotation).astype(np.float32),
    )


def told(coefficients: Coefficients) -> dict[str, Any]:
    """Coefficients as the page takes them."""
    c = coefficients
    return {
        "identity": c.identity.tolist(),
        "expression": c.expression.tolist(),
        "rotation": c.rotation.ravel().tolist(),
        "translation": c.translation.tolist(),
        "scale": float(c.scale),
    }


def files_of(avatar: Avatar) -> dict[str, bytes]:
    """By path: the model and the avatar's still, for `STILL` in the page."""
    opaque = np.full_like(avatar.matte, 255)
    still = {
        "rest": told(avatar.rest),
        "delta": avatar.delta.ravel().tolist(),
        "width": avatar.matte.shape[1],
        "height": avatar.matte.shape[0],
    }
    return {
        "/model.bin": page_model(),
        "/still.json": json.dumps(still).encode(),
        "/person.bin": np.dstack([avatar.person, avatar.matte]).tobytes(),
        "/background.bin": np.dstack([avatar.background, opaque]).tobytes(),
        "/empty.html": b"",
    }


STILL = """
const bytesOf = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
const textOf = (array) => {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
};
const prepared = async (size, folder = "") => {
  const { openModel } = await import("/page/model.js");
  const { preparePortrait } = await import("/page/analytic.js");
  const model = openModel(await bytesOf("/model.bin"));
  const told = await (await fetch(`${folder}/still.json`)).json();
  const plate = async (name) => ({
    width: told.width,
    height: told.height,
    data: new Uint8ClampedArray((await bytesOf(`${folder}/${name}.bin`)).buffer),
  });
  const still = {
    rest: told.rest,
    delta: Float32Array.from(told.delta),
    person: await plate("person"),
    background: await plate("background"),
  };
  return preparePortrait(model, still, size);
};
"""
"""JavaScript: ``prepared(size, folder)``, a portrait of `files_of`; ``textOf(array)``, base64."""


def picture_of(text: str, width: int, height: int) -> Pixels:
    """(H, W, 3) of the page's RGBA."""
    return bytes_of(text).reshape(height, width, 4)[..., :3]


def bytes_of(text: str) -> Pixels:
    """What ``textOf`` wrote of whole levels."""
    return np.frombuffer(base64.b64decode(text), np.uint8)


def numbers_of(text: str) -> FloatArray:
    """What ``textOf`` wrote of numbers."""
    return np.frombuffer(base64.b64decode(text), np.float32)


@contextmanager
def served(files: dict[str, bytes], folders: dict[str, Path]) -> Generator[str]:
    """Address of a server of ``files`` by path, and of ``folders`` by their first name."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            data = files.get(self.path)
            if data is None:
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def translate_path(self, path: str) -> str:
            first, _, name = path.lstrip("/").partition("/")
            inside = first in folders and "/" not in name and ".." not in name
            return str(folders[first] / name) if inside else "/nowhere"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
