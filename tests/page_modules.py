"""A page of Chromium that may load the tracker's modules and the libraries, and nothing else."""

import math
import mimetypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from benchmarks.webrtc.chromium import launch
from pechead_live.coefficients import Coefficients
from pechead_live.page_libraries import missing_packages, page_library_files
from pechead_live.studio.security_headers import CONTENT_SECURITY_POLICY

POLICY = CONTENT_SECURITY_POLICY.replace("script-src", "script-src 'wasm-unsafe-eval'")
"""The studio's own, and leave to compile WebAssembly."""

WITH_LIBRARIES = (
    pytest.mark.skip("npm has brought no onnxruntime-web and no tasks-vision")
    if missing_packages()
    else pytest.mark.browser
)
"""Of tests that need them: where they are, those that are marked `browser` must run."""

FILES = resources.files("pechead_live.tracker").joinpath("page")

Serve = Callable[[], bytes]

EXCHANGE = """
  const ARRAYS = ["identity", "expression", "rotation"];
  const each = (make) => (c) =>
    ({ ...c, ...Object.fromEntries(ARRAYS.map((name) => [name, make(c[name])])) });
  window.told = each((array) => [...array]);
  const usable = each((array) => Float32Array.from(array));
  window.heard = (c) => ({ ...usable(c), scale: c.scale ?? NaN });
"""
"""Coefficients to what Playwright carries, and back."""


def page_files() -> dict[str, Serve]:
    """Path to content: ``/`` is an empty page, then the modules and the libraries."""
    served: dict[str, Serve] = {"/": lambda: b"<!doctype html><title>page</title><body></body>"}
    for entry in FILES.iterdir():
        served[f"/page/{entry.name}"] = entry.read_bytes
    for name, file in page_library_files().items():
        served[f"/library/{name}"] = file.read
    return served


def call_files() -> dict[str, Serve]:
    """Path to content of the call's modules and the stream's."""
    return {
        f"/page/{room}/{entry.name}": entry.read_bytes
        for room in ("calling", "calls")
        for entry in resources.files(f"pechead_live.{room}").joinpath("page").iterdir()
    }


class _Answer(BaseHTTPRequestHandler):
    def __init__(self, served: dict[str, Serve], *rest: Any) -> None:
        self.served = served
        super().__init__(*rest)

    def do_GET(self) -> None:
        content = self.served.get(self.path)
        self.send_response(200 if content else 404)
        kind = "text/html" if self.path == "/" else mimetypes.guess_type(self.path)[0]
        if self.path.endswith((".js", ".mjs")):
            kind = "text/javascript"
        self.send_header("Content-Type", kind or "application/octet-stream")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(content() if content else b"")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def opened_page(chromium: str, more: dict[str, Serve]) -> Iterator[Any]:
    """The empty page of a server that has `page_files` and ``more``."""
    served = page_files() | more
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answer, served))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright, chromium, None)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
            page.evaluate(f"() => {{ {EXCHANGE} }}")
            yield page
            browser.close()
    finally:
        server.shutdown()
        server.server_close()


def told(coefficients: Coefficients) -> dict[str, Any]:
    """As `window.told` tells them; a number that is none is None."""
    c = coefficients
    return {
        "identity": c.identity.tolist(),
        "expression": c.expression.tolist(),
        "rotation": c.rotation.reshape(-1).tolist(),
        "translation": c.translation.tolist(),
        "scale": c.scale if math.isfinite(c.scale) else None,
        "confidence": c.confidence,
        "capturedAt": c.captured_at,
    }
