"""`FreshSeen`: the other end's fresh still, made ready to be drawn."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from pechead_live.avatar.avatar import Avatar
from pechead_live.calling.ladder.fresh_still import FreshRenderer, FreshStill
from pechead_live.protocols import Renderer

logger = logging.getLogger(__name__)


class _Ready(NamedTuple):
    number: int
    renderer: FreshRenderer


class FreshSeen:
    """Of one conversation. Taken in the event loop's thread, drawn in another."""

    def __init__(self, make_renderer: Callable[[Avatar], Renderer[Any]]) -> None:
        self._make_renderer = make_renderer
        self._newest = self._ended = 0
        """Numbers of the stills that came; up to the second they are not to be shown any more."""
        self._ready: _Ready | None = None

    def take(self, fresh: FreshStill | None) -> None:
        """Prepares to draw it beside the event loop; None: none is to be shown from now on."""
        if fresh is None:
            self._ended, self._ready = self._newest, None
            return
        self._newest += 1
        asyncio.get_running_loop().run_in_executor(None, self._prepare, fresh, self._newest)

    def renderer(self) -> FreshRenderer | None:
        """What draws the last one that is ready; None while none is to be shown. In any thread."""
        ready = self._ready
        return ready.renderer if ready is not None and ready.number > self._ended else None

    def _prepare(self, fresh: FreshStill, number: int) -> None:
        if not self._is_wanted(number):
            return
        try:
            renderer = FreshRenderer(self._make_renderer(fresh.avatar), fresh)
        except Exception:
            logger.exception("the other end's fresh still cannot be drawn")
            return
        if self._is_wanted(number):
            self._ready = _Ready(number, renderer)

    def _is_wanted(self, number: int) -> bool:
        return self._ended < number == self._newest
