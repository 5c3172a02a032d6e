"""How soon aiortc repeats the first messages of its data channels: after one second
(RFC 9260), not three.

The library has no setting for it, so this is for the releases that it was tried with only.
"""

import logging
from importlib.metadata import version

from aiortc import rtcsctptransport

logger = logging.getLogger(__name__)

FIRST_S = 1.0
"""Before the way there and back was measured; the library waits three seconds."""

TRIED = ("1.16.",)


def repair_sooner() -> None:
    """For all connections of this process; once is enough."""
    found = version("aiortc")
    if not found.startswith(TRIED):
        logger.warning("aiortc %s was not tried with other timers: a lost message takes 1 s", found)
        return
    rtcsctptransport.SCTP_RTO_INITIAL = FIRST_S
