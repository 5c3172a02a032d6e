"""How long ICE waits for the answer to its question whether the other end is still there.

aioice asks every five seconds, once, and waits half a second for the answer; six questions without
one, and it closes. Where the way there and back takes longer than half a second, as on a thin or
distant line, every connection ended after half a minute (measured). The library has no setting for
it, so this is for the releases that it was tried with only.
"""

import logging
from importlib.metadata import version
from typing import Any

from aioice.stun import Transaction

logger = logging.getLogger(__name__)

ANSWER_S = 5.0

TRIED = ("0.13.", "0.12.")


def wait_for_consent() -> None:
    """For all connections of this process; once is enough."""
    found = version("aioice")
    if not found.startswith(TRIED):
        logger.warning("aioice %s was not tried on slow lines: they may end after 30 s", found)
        return
    if Transaction.__init__ is not _init:
        Transaction.__init__ = _init  # type: ignore[method-assign]


_original: Any = Transaction.__init__


def _init(self: Any, *args: Any, **settings: Any) -> None:
    _original(self, *args, **settings)
    if settings.get("retransmissions") == 0:
        self._Transaction__timeout_delay = ANSWER_S
