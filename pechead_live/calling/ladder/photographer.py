"""`Photographer`: takes fresh stills of this end's camera, on the rung that has them."""

import asyncio
import logging
import math
from collections.abc import Callable

from pechead_live.avatar.still import Still
from pechead_live.calling.ladder.climber import Climber
from pechead_live.calling.ladder.fresh_exchange import FreshExchange
from pechead_live.calling.ladder.rungs import Rung
from pechead_live.clock import Clock, monotonic
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.frame import Picture

logger = logging.getLogger(__name__)

RENEW_S = 10.0
"""After a still has arrived, until the next one is taken."""

AGAIN_S = 2.0
"""After a picture of which none could be made."""

GIVE_UP_S = 40.0
"""A still that has not arrived by then is given up, and another one is taken."""


class Photographer:
    """In the event loop's thread; stills are made in a thread of the loop's executor."""

    def __init__(self, still_of: Callable[[Picture], Still], clock: Clock = monotonic) -> None:
        """``still_of`` makes a still of a camera's picture, an `InputError` where it shows no
        face."""
        self._still_of, self._clock = still_of, clock
        self._due_at = -1e9
        self._of: tuple[int, float] | None = None
        self._offered_at: float | None = None
        """When one was offered that has not arrived."""
        self._task: asyncio.Task[None] | None = None

    def see(
        self, fresh: FreshExchange, climber: Climber, picture: Picture, anchor: Coefficients
    ) -> None:
        """``picture``, of this end's camera, and the pose of its avatar at that moment."""
        if not may_photograph(climber):
            return
        stay = id(climber), climber.ladder.stepped_at
        if stay != self._of:
            self._of, self._due_at, self._offered_at = stay, -1e9, None
        busy = self._task is not None and not self._task.done()
        if busy or self._clock() < self._due_at:
            return
        if self._offered_at is not None and fresh.is_there:
            self._offered_at, self._due_at = None, self._clock() + RENEW_S
            climber.note_still(made=True)
            return
        if self._offered_at is not None and self._clock() - self._offered_at < GIVE_UP_S:
            return
        self._task = asyncio.ensure_future(self._make(fresh, climber, picture, anchor))

    async def _make(
        self, fresh: FreshExchange, climber: Climber, picture: Picture, anchor: Coefficients
    ) -> None:
        stay = self._of

        def is_useful() -> bool:
            return stay == (id(climber), climber.ladder.stepped_at) and may_photograph(climber)

        try:
            loop = asyncio.get_running_loop()
            still = await loop.run_in_executor(None, self._still_of, picture)
        except InputError as error:
            logger.info("no fresh still: %s", error)
            self._due_at = self._clock() + AGAIN_S
            if is_useful():
                climber.note_still(made=False)
            return
        except Exception:
            logger.exception("fresh stills cannot be made: none are sent")
            self._due_at = math.inf
            return
        if is_useful():
            fresh.offer(still, anchor)
            self._offered_at = self._clock()


def may_photograph(climber: Climber) -> bool:
    """Whether the camera's fresh stills may be seen now. In any thread."""
    return climber.rung is Rung.STILL and climber.shows == "camera"
