"""A page of Chromium that may load the modules of a call, and is in none."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from page_modules import opened_page

from pechead_live.calling.page_routes import served


@contextmanager
def opened_calling_page(chromium: str) -> Generator[Any]:
    """Playwright's; the modules lie where a call's page has them."""
    with opened_page(chromium, {f"/page/{name}": read for name, read in served(None).items()}) as p:
        yield p
