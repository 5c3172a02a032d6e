"""All rooms of one server: they are opened, found, looked after and closed."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from pechead_live.camera.open import open_camera
from pechead_live.clock import monotonic
from pechead_live.errors import InputError
from pechead_live.host_memory import give_freed_memory_back
from pechead_live.protocols import Camera
from pechead_live.studio.config import StudioConfig
from pechead_live.studio.controls import Controls, changed
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.room import Room
from pechead_live.studio.rtc.incoming import BrowserCamera
from pechead_live.studio.rtc.outgoing import Broadcast
from pechead_live.studio.session import Parts, Session

logger = logging.getLogger(__name__)

BROWSER = "browser"
"""The camera of a session whose frames a browser sends."""

DRAIN_S = 0.1
"""How often a server that drains looks whether the last one has gone."""

TICK_S = 1.0
"""How often the rooms are looked after."""

TIDY_TICKS = 2
"""After a session has ended, until its memory is given back: its threads and tasks end meanwhile
(given back at once, a server grew by 27 KB a session, measured)."""


class Rooms:
    """Lives in the event loop."""

    def __init__(self, parts: Parts, first_avatar: Callable[[], str], config: StudioConfig) -> None:
        """``first_avatar``: id of the one that is shown if none is named; raises `InputError`."""
        self._parts, self._first_avatar, self._config = parts, first_avatar, config
        self._rooms: dict[str, Room] = {}
        self._opening = 0
        self._tidy_in = 0
        self._draining = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look after the rooms."""
        self._task = asyncio.ensure_future(self._look_after())

    @property
    def names(self) -> list[str]:
        """The ids of those that are open."""
        return list(self._rooms)

    def find(self, name: str) -> Room:
        """Raises `ApiRefusal` if there is none."""
        room = self._rooms.get(name)
        if room is None:
            raise ApiRefusal(404, "unknown_session", "there is no such session: open one")
        return room

    async def open(self, camera: object, controls: object) -> Room:
        """A room that runs, for one of the server's cameras or "browser"; nobody is connected yet.

        ``controls``: what shall differ from the defaults. Raises `ApiRefusal` and `PecheadError`.
        """
        if self._draining:
            raise ApiRefusal(503, "draining", "this server is about to stop: use another one")
        most = self._config.most_sessions
        if len(self._rooms) + self._opening >= most:
            raise ApiRefusal(
                429, "too_many_sessions", f"{most} sessions run, which is the most: end one"
            )
        source = BrowserCamera() if camera == BROWSER else None
        opened = self._own_camera(camera) if source is None else (lambda: source)
        self._opening += 1
        try:
            first = Controls(avatar=self._first_avatar())
            wanted = changed(first, controls, models=self._config.models)
            broadcast = Broadcast(asyncio.get_running_loop())
            session = await _session(wanted, self._parts, opened, broadcast)
        finally:
            self._opening -= 1
        name = secrets.token_hex(16)
        room = Room(name, str(camera), session, source, broadcast, self._config)
        session.start()
        self._rooms[name] = room
        logger.info("session %s... opened, camera %s", name[:8], camera)
        return room

    async def close(self, name: str) -> None:
        """Ends a room; nothing if there is none."""
        room = self._rooms.pop(name, None)
        if room is not None:
            await room.close()
            self._tidy_in = self._tidy_in or TIDY_TICKS
            logger.info("session %s... closed", name[:8])

    async def drain(self, longest_s: float) -> None:
        """Takes no more, and waits until those that run have ended, at most ``longest_s``."""
        self._draining = True
        if self._rooms and longest_s > 0:
            logger.info("draining: %d sessions may end in %g s", len(self._rooms), longest_s)
        end = monotonic() + longest_s
        while (self._rooms or self._opening) and monotonic() < end:
            await asyncio.sleep(DRAIN_S)

    async def close_all(self) -> None:
        """Takes no more, and ends all."""
        self._draining = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for name in self.names:
            await self.close(name)

    def _own_camera(self, camera: object) -> Callable[[], Camera]:
        spec = self._config.cameras.get(camera) if isinstance(camera, str) else None
        if spec is None:
            names = ", ".join([BROWSER, *self._config.cameras])
            raise InputError(f"there is no camera {camera!r}: use one of {names}")
        return partial(open_camera, spec, loop=True)

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for name, room in list(self._rooms.items()):
                try:
                    await room.tick(TICK_S)
                    if room.abandoned:
                        await self.close(name)
                except Exception:
                    logger.exception("session %s... could not be looked after", name[:8])
            if self._tidy_in > 0:
                self._tidy_in -= 1
                if self._tidy_in == 0:
                    try:
                        await asyncio.to_thread(give_freed_memory_back)
                    except Exception:
                        logger.exception("freed memory could not be given back")


async def _session(
    controls: Controls, parts: Parts, open_camera: Callable[[], Camera], page: Broadcast
) -> Session:
    """Opened in a thread; one that is ready after its visitor has gone is closed again."""
    opening = asyncio.ensure_future(asyncio.to_thread(Session, controls, parts, open_camera, page))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(opening: "asyncio.Future[Session]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
