"""A browser's page that has the files of `pechead_live/calls` and nothing else."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Thread
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.webrtc.chromium import launch
from pechead_live.coefficients import Coefficients


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has there
        """Nothing: a test's output is its own."""


@contextmanager
def opened_page(chromium: str) -> Generator[Any]:
    """Playwright's page."""
    folder = resources.files("pechead_live.calls")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright, chromium, None)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/priors.bin.txt")
            yield page
            browser.close()
    finally:
        server.shutdown()
        server.server_close()


def as_page(coefficients: Coefficients | None) -> dict[str, Any] | None:
    """Coefficients as a page has them, but for arrays, which are lists here."""
    c = coefficients
    return c and {
        "expression": c.expression.tolist(),
        "rotation": c.rotation.ravel().tolist(),
        "translation": c.translation.tolist(),
        "scale": c.scale,
        "confidence": c.confidence,
    }
