"""This end's face on its way out: read here, its motion handed to the network, and its pictures on
the rungs of the ladder that have video."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from typing import Any, NamedTuple

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.still import Still
from pechead_live.calling.config import CallConfig
from pechead_live.calling.connection import Connection
from pechead_live.calling.ladder.own_pictures import OwnAvatar, WatchedCamera
from pechead_live.calling.ladder.photographer import Photographer, may_photograph
from pechead_live.calling.ladder.rungs import Rung
from pechead_live.coefficients import Coefficients
from pechead_live.frame import Picture
from pechead_live.live.config import LoopConfig
from pechead_live.live.measurements import Measurements
from pechead_live.live.sensing import Sensing
from pechead_live.live.step import Step
from pechead_live.live.tracking import MotionRequests, Tracked
from pechead_live.protocols import Camera, Renderer, Tracker

logger = logging.getLogger(__name__)

MOST_SEEN = 12
"""Pictures of the camera that wait for their pose: the tracker leaves some out."""


class Senses(NamedTuple):
    """What this end sees its user with."""

    open_camera: Callable[[], Camera]
    tracker: Tracker
    smoothing: Step
    motion: Step
    avatar: Avatar
    """Whom the other end sees."""
    still_of: Callable[[Picture], Still] | None = None
    """Makes a still of a camera's picture, for the rung of the ladder that has fresh ones."""


class Outgoing:
    """Of one conversation; `use` gives it the newest connection."""

    def __init__(
        self,
        senses: Senses | None,
        config: CallConfig,
        *,
        make_renderer: Callable[[Avatar], Renderer[Any]],
        label: Callable[[Picture], Picture],
    ) -> None:
        """``senses``: None sends no motion. ``make_renderer``, ``label``: for pictures of this
        end's avatar."""
        self._senses, self._config = senses, config
        self._own: OwnAvatar | None = None
        self._photographer: Photographer | None = None
        if senses is not None and senses.still_of is not None:
            self._photographer = Photographer(senses.still_of)
        self._seen: deque[Picture] = deque(maxlen=MOST_SEEN)
        """Of the camera, until the pose in them is read."""
        if senses is not None:
            avatar = senses.avatar
            self._own = OwnAvatar(lambda: make_renderer(avatar), avatar.rest, label)
        self._connection: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.requests: MotionRequests = SimpleQueue()

    def use(self, connection: Connection | None) -> None:
        """From now on; in the event loop's thread."""
        self._loop = asyncio.get_running_loop()
        self._connection = connection

    def sensing(
        self, stop: threading.Event, on_error: Callable[[Exception], None]
    ) -> Sensing | None:
        """What reads the face, not begun yet."""
        senses = self._senses
        if senses is None:
            return None
        return Sensing(
            self._open_camera,
            senses.tracker,
            self._tell,
            requests=self.requests,
            smoothing=senses.smoothing,
            motion=senses.motion,
            config=LoopConfig(finish_s=self._config.finish_s),
            measurements=Measurements(),
            stop=stop,
            on_error=on_error,
        )

    def _open_camera(self) -> Camera:
        assert self._senses is not None
        camera = self._senses.open_camera()
        return WatchedCamera(camera, self._see) if self._config.ladder.of_camera else camera

    def _see(self, picture: Picture) -> None:
        """In the camera's thread."""
        connection = self._connection
        climber = None if connection is None else connection.dialogue.climber
        if climber is not None and may_photograph(climber):
            self._seen.append(picture)
        else:
            self._seen.clear()
        if climber is not None and climber.rung >= Rung.LOW and climber.shows == "camera":
            self._soon(climber.put, climber.fitted(picture), "camera")

    def _tell(self, tracked: Tracked) -> None:
        """In the coefficients' thread: to the network's."""
        connection = self._connection
        if connection is None:
            return
        coefficients = tracked.coefficients
        if coefficients is not None:
            coefficients = replace(coefficients, captured_at=tracked.captured_at)
        self._soon(connection.say, coefficients, tracked.captured_at)
        climber = connection.dialogue.climber
        if self._own is None or climber is None:
            return
        if self._photographer is not None and may_photograph(climber):
            see = partial(self._photographer.see, connection.dialogue.fresh, climber)
            self._photograph(see, coefficients, tracked.captured_at)
        if climber.rung >= Rung.LOW and climber.shows == "avatar":
            try:
                picture = self._own.draw(coefficients, tracked.captured_at)
            except Exception:
                logger.exception("this end's avatar cannot be drawn: no video of it is sent")
                self._own = None
            else:
                self._soon(climber.put, picture, "avatar")

    def _photograph(
        self,
        see: Callable[[Picture, Coefficients], None],
        coefficients: Coefficients | None,
        captured_at: float,
    ) -> None:
        """Where no pose is read the other end shows the avatar at rest."""
        assert self._senses is not None
        anchor = coefficients or self._senses.avatar.rest
        seen = [picture for picture in list(self._seen) if picture.captured_at == captured_at]
        if seen:
            self._soon(see, seen[0], anchor)

    def _soon(self, work: Callable[..., Any], *arguments: Any) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            loop.call_soon_threadsafe(work, *arguments)
        except RuntimeError:  # it was closed in between
            return
