"""What aiortc's data channels send beside messages: less, and the first ones sooner.

It acknowledges every packet at once, which on a thin line costs as much as the coefficients do:
here what came within `TOGETHER_S` is acknowledged together (RFC 9260, 6.2 asks for 0.2 s and every
second packet; nothing of ours waits for it). And it repeats a lost first message after three
seconds: here a little sooner. The library has no setting for either, so this is for
the releases that it was tried with only.
"""

import asyncio
import logging
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from aiortc import rtcsctptransport
from aiortc.rtcsctptransport import RTCSctpTransport

logger = logging.getLogger(__name__)

TOGETHER_S = 0.2
"""The sender repeats a message that was not acknowledged for a second."""

FIRST_S = 2.5

TRIED = ("1.16.",)


def spare_sctp() -> None:
    """For all connections of this process; once is enough."""
    found = version("aiortc")
    if not found.startswith(TRIED):
        logger.warning("aiortc %s was not tried on thin lines: its channels take more", found)
        return
    rtcsctptransport.SCTP_RTO_INITIAL = FIRST_S
    setattr(RTCSctpTransport, _NAME, _send_sack)


_NAME = "_send_sack"
_original: Any = getattr(RTCSctpTransport, _NAME)
_sending: set[asyncio.Task[None]] = set()


async def _send_sack(self: Any) -> None:
    """Some time later, once for all that came until then."""
    if not getattr(self, "_pechead_sack_waits", False):
        self._pechead_sack_waits = True
        asyncio.get_running_loop().call_later(TOGETHER_S, _start, self)


def _start(transport: Any) -> None:
    transport._pechead_sack_waits = False  # noqa: SLF001
    if transport.state == "connected":
        task = asyncio.ensure_future(_send_now(transport))
        _sending.add(task)
        task.add_done_callback(_sending.discard)


async def _send_now(transport: Any) -> None:
    with suppress(ConnectionError):
        await _original(transport)
