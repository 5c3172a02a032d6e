"""`Room`: a session and the browsers that are connected with it."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiortc.mediastreams import MediaStreamTrack

from pechead_live.clock import monotonic
from pechead_live.errors import InputError
from pechead_live.sink.live_sound import LiveSound
from pechead_live.studio.config import StudioConfig
from pechead_live.studio.controls import controls_as_json, size_of
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.rtc.connection import Connection
from pechead_live.studio.rtc.incoming import BrowserCamera, receive
from pechead_live.studio.rtc.marker import PIECE_S
from pechead_live.studio.rtc.outgoing import Broadcast
from pechead_live.studio.rtc.peer import (
    answer,
    checked_offer,
    open_peer,
    sent_bytes,
    target_bitrate,
)
from pechead_live.studio.rtc.playout import play_at_once
from pechead_live.studio.rtc.sound import DelayedSound, listen
from pechead_live.studio.session import Session
from pechead_live.studio.sinks import RECORDING, open_outlet, sinks_as_json

logger = logging.getLogger(__name__)

GONE = ("failed", "closed")
"""States of a connection that does not come back."""


class Room:
    """Lives in the event loop; its session in threads of its own."""

    def __init__(
        self,
        name: str,
        camera: str,
        session: Session,
        source: BrowserCamera | None,
        broadcast: Broadcast,
        config: StudioConfig,
    ) -> None:
        """``source``: what a browser's frames go to, None if the server has the camera."""
        self.name, self.camera, self.session = name, camera, session
        self._source, self._broadcast, self._config = source, broadcast, config
        self._connections: set[Connection] = set()
        self._sender: Connection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._left_at = monotonic()
        self._sent = 0
        self._bitrate: int | None = None
        self._hears = False
        self._recorded: LiveSound | None = None

    async def connect(self, offer: object, *, sends: bool) -> dict[str, str]:
        """Answers ``offer``. One that ``sends`` takes the place of the sender before it.

        Raises `ApiRefusal`.
        """
        sdp = checked_offer(offer)
        if len(self._connections) >= self._config.most_viewers:
            raise ApiRefusal(
                429,
                "too_many_viewers",
                f"this session has {len(self._connections)} viewers, which is the most: close one",
            )
        connection = Connection(
            open_peer(self._config.ice_servers),
            self._broadcast.add(),
            DelayedSound(lambda: max(0.0, self.session.latency_s - PIECE_S)),
        )
        self._connections.add(connection)

        def state_changed() -> None:
            if connection.peer.connectionState in GONE:
                self._begin(self._leave(connection))

        connection.peer.on("connectionstatechange", state_changed)
        try:
            answered = await answer(
                connection.peer,
                sdp,
                send=[connection.picture, connection.sound],
                on_track=lambda track: self._take(connection, track) if sends else None,
            )
        except BaseException:
            await self._leave(connection)
            raise
        if sends:  # only now: an offer that is refused changes nothing
            play_at_once(connection.peer)
            former, self._sender = self._sender, connection
            if former is not None:
                await self._leave(former)
        return answered

    async def set_sink(self, name: str, *, on: bool) -> dict[str, Any]:
        """Opens or ends a virtual camera or a recording; the state of both."""
        outlets = self.session.outlets
        if on and name not in outlets.sinks:
            width, height = size_of(self.session.controls.size)
            sound = LiveSound(held_s=PIECE_S) if name == RECORDING and self._hears else None
            sink = await asyncio.to_thread(
                open_outlet, name, width, height, self._config.recordings, sound
            )
            try:
                outlets.add(name, sink)
            except InputError:  # a second request was quicker
                sink.close()
            else:
                if sound is not None:
                    self._recorded = sound
        elif not on:
            await asyncio.to_thread(outlets.remove, name)
            if name == RECORDING:
                self._recorded = None
        return sinks_as_json(outlets.sinks)

    def as_json(self) -> dict[str, Any]:
        """The session as the API shows it."""
        controls = controls_as_json(self.session.controls)
        return {
            "id": self.name,
            "camera": self.camera,
            "controls": controls,
            "status": self.status(),
        }

    def status(self) -> dict[str, Any]:
        """STATUS of the API."""
        delay = self._sender.sound.delay_s if self._sender is not None else 0.0
        failures = [
            {"code": "sink_failed", "message": f"{name}: {text}"}
            for name, text in self.session.outlets.failures.items()
        ]
        found = self.session.status()
        return found | {
            "viewers": len(self._connections),
            "bitrate_kbit": self._bitrate,
            "sound_delay_ms": round(1000 * delay),
            "sinks": sinks_as_json(self.session.outlets.sinks),
            "warnings": found["warnings"] + failures,
        }

    async def tick(self, seconds: float) -> None:
        """Called every ``seconds``: closes what does not come about, adapts to what can be sent
        and drawn, measures what was sent."""
        for connection in list(self._connections):
            if connection.overdue(self._config.connect_s):
                await self._leave(connection)
            else:
                connection.picture.fit(target_bitrate(connection.peer))
        if self._config.adapts and self.session.running:
            self.session.adapt()
        sent = sum([await sent_bytes(c.peer) for c in list(self._connections)])
        self._bitrate = max(0, round(8 * (sent - self._sent) / seconds / 1000))
        self._sent = sent
        if self._connections:
            self._left_at = monotonic()

    @property
    def abandoned(self) -> bool:
        """Whether nobody would miss it: the loop has ended, or no browser and no sink is left."""
        if not self.session.running:
            return True
        waited = monotonic() - self._left_at > self._config.orphan_s
        own = self._source is None and bool(self.session.outlets.sinks)
        return not self._connections and waited and not own

    async def close(self) -> None:
        """Ends the session and its connections."""
        if self._source is not None:
            self._source.close()
        for connection in list(self._connections):
            await self._leave(connection)
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.to_thread(self.session.close)

    def _take(self, connection: Connection, track: MediaStreamTrack) -> None:
        """What the sender sends."""
        if track.kind == "video" and self._source is not None:
            connection.receive(receive(track, self._source))
        elif track.kind == "audio":
            self._hears = True
            connection.receive(listen(track, self._sounds))

    def _sounds(self) -> Sequence[DelayedSound | LiveSound]:
        """Those that want the microphone's sound now."""
        if self.session.controls.sound == "off":
            return []
        recorded = [] if self._recorded is None else [self._recorded]
        return [*(connection.sound for connection in self._connections), *recorded]

    async def _leave(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._left_at = monotonic()
        if self._sender is connection:
            self._sender = None
        self._broadcast.remove(connection.picture)
        await connection.close()

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
