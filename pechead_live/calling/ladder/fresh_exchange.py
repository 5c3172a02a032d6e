"""`FreshExchange`: fresh stills of both ends' cameras, offered and taken."""

from collections.abc import Callable

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.still import Still
from pechead_live.calling.ladder.climber import Shown, Stand
from pechead_live.calling.ladder.fresh_still import FreshStill, anchor_of, told_still
from pechead_live.calling.ladder.rungs import Rung
from pechead_live.calling.messages import Message
from pechead_live.calling.still_exchange import StillExchange
from pechead_live.coefficients import Coefficients

SOONEST_S = 1.0
"""Between two of the other end's that are taken."""


class FreshExchange:
    """Of one call, in one thread."""

    def __init__(
        self,
        stills: StillExchange,
        *,
        say: Callable[[Message], None],
        on_fresh: Callable[[FreshStill | None], None],
    ) -> None:
        """``say``: over the reliable channel. ``on_fresh`` gets the other end's newest, None once
        it is not to be shown any more."""
        self._stills, self._say, self._on_fresh = stills, say, on_fresh
        self._taken_at = -1e9
        self._any = False

    @property
    def is_there(self) -> bool:
        """Whether the other end has what was offered last."""
        return self._stills.fresh_is_there

    def offer(self, still: Still, anchor: Coefficients) -> None:
        """Of this end's camera; ``anchor``: the pose of its avatar at that moment."""
        self._stills.offer(still)
        self._say(told_still(still, anchor))

    def keep(self, rung: Rung, shows: Shown) -> None:
        """This end stands there now: what is not to be shown is not to be had either."""
        if not has_fresh(rung, shows):
            self._stills.withdraw()

    def hear(self, message: Message, now: float, theirs: Stand) -> None:
        """The other end, where it stands, offers one."""
        if not has_fresh(theirs.rung, theirs.shows) or now - self._taken_at < SOONEST_S:
            return
        self._taken_at, self._any = now, True
        anchor = anchor_of(message)

        def take(avatar: Avatar) -> None:
            self._on_fresh(FreshStill(avatar, anchor))

        self._stills.want_fresh(message, take)

    def look(self, theirs: Stand) -> None:
        """The other end stands there now."""
        if not has_fresh(theirs.rung, theirs.shows):
            self._forget()

    def end(self) -> None:
        """The call is over."""
        self._stills.withdraw()
        self._forget()

    def _forget(self) -> None:
        if self._any:
            self._any = False
            self._stills.forget_fresh()
            self._on_fresh(None)


def has_fresh(rung: Rung, shows: Shown) -> bool:
    """Whether a fresh still is shown; under video of the camera it bridges what is missing."""
    return rung >= Rung.STILL and shows == "camera"
