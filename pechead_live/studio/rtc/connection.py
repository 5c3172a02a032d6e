"""`Connection`: one browser's, with what is sent to it and what it sends."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress

from aiortc import RTCPeerConnection

from pechead_live.clock import Clock, monotonic
from pechead_live.studio.rtc.outgoing import PictureTrack
from pechead_live.studio.rtc.sound import DelayedSound

logger = logging.getLogger(__name__)

CLOSE_S = 3.0
"""How long a goodbye may take. A TURN server that is gone would be asked for a minute."""


class Connection:
    """Lives in the event loop, from the offer to `close`."""

    def __init__(
        self,
        peer: RTCPeerConnection,
        picture: PictureTrack,
        sound: DelayedSound,
        *,
        clock: Clock = monotonic,
    ) -> None:
        self.peer, self.picture, self.sound = peer, picture, sound
        self._clock, self._began = clock, clock()
        self._receiving: set[asyncio.Task[None]] = set()

    def receive(self, work: Coroutine[None, None, None]) -> None:
        """Runs ``work``, which takes in one of the browser's tracks, until the track ends.

        One of a connection that never came about does not end by itself: `close` ends it.
        """
        task = asyncio.ensure_future(work)
        self._receiving.add(task)
        task.add_done_callback(self._receiving.discard)

    def overdue(self, seconds: float) -> bool:
        """Whether it was offered ``seconds`` ago and is not there yet.

        ICE itself waits for ever: more of the other side's addresses might still come.
        """
        coming = self.peer.connectionState in ("new", "connecting")
        return coming and self._clock() - self._began > seconds

    async def close(self) -> None:
        """Ends it and all that belongs to it."""
        self.sound.stop()
        self.picture.stop()
        try:
            async with asyncio.timeout(CLOSE_S):
                with suppress(ConnectionError):
                    await self.peer.close()
        except TimeoutError:
            logger.warning("a connection did not close within %g s and is left", CLOSE_S)
        for task in list(self._receiving):
            task.cancel()
