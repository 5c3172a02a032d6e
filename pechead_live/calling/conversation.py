"""A call on this machine: its camera and microphone out, the other end's avatar and voice in.

    camera -> tracker -> coefficients -> the line -> coefficients -> renderer -> sinks

The first half is `live.sensing`, the second the live loop with the line as its camera. Between
them `Connection`, in an event loop of its own thread.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from aiortc import RTCPeerConnection

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.still import GLIMPSE
from pechead_live.calling.arrivals import Arrivals, ArrivalsCamera, ArrivalsTracker
from pechead_live.calling.config import CallConfig
from pechead_live.calling.connection import Connection, Sound
from pechead_live.calling.dialogue import Dialogue, Me
from pechead_live.calling.handshake import repeat_handshakes
from pechead_live.calling.known_stills import KnownStills
from pechead_live.calling.ladder.climber import Climber, Stand
from pechead_live.calling.ladder.fresh_seen import FreshSeen
from pechead_live.calling.ladder.fresh_still import FreshStill
from pechead_live.calling.ladder.pictured import Pictured, VideoPicture
from pechead_live.calling.messages import Message
from pechead_live.calling.microphone import Microphone
from pechead_live.calling.outgoing import Outgoing, Senses
from pechead_live.calling.played_sound import PlayedSound
from pechead_live.calling.sctp_timers import spare_sctp
from pechead_live.calling.speaker import Speaker
from pechead_live.calling.waiting import WaitingRenderer
from pechead_live.clock import Clock, monotonic
from pechead_live.coefficients import Coefficients
from pechead_live.frame import Picture
from pechead_live.live.config import LoopConfig
from pechead_live.live.loop import run_loop
from pechead_live.live.measurements import Measurements
from pechead_live.live.scene import Scene
from pechead_live.live.stage import Stage
from pechead_live.protocols import Renderer, Sink
from pechead_live.studio.rtc.consent import wait_for_consent
from pechead_live.studio.rtc.marker import emit_on_marker

logger = logging.getLogger(__name__)


class Show(NamedTuple):
    """What this end shows the other with."""

    make_renderer: Callable[[Avatar], Renderer[Any]]
    output: Callable[[Picture], Picture]
    sinks: Mapping[str, Sink]
    size: tuple[int, int]
    """Width and height, pixels."""


class Line(NamedTuple):
    """What a network task has to do with."""

    connect: Callable[[], Connection]
    """A connection that has not begun; coefficients go to the newest one."""
    stop: threading.Event
    """Set when the call shall end."""


class Conversation:
    """From `run` to its return."""

    def __init__(
        self,
        me: Me,
        show: Show,
        *,
        senses: Senses | None,
        microphone: Microphone | None,
        speaker: Speaker | None,
        known: KnownStills,
        open_peer: Callable[[], RTCPeerConnection],
        on_avatar: Callable[[Avatar], None],
        on_rung: Callable[[bool, Stand], None],
        config: CallConfig,
        clock: Clock = monotonic,
    ) -> None:
        """``senses``: None sends no motion. In the network's thread ``on_avatar`` is told of the
        other end's, ``on_rung`` of each step of the ladder and whether it is this end's."""
        self._me, self._show = me, show
        self._outgoing = Outgoing(
            senses, config, make_renderer=show.make_renderer, label=show.output
        )
        self.requests = self._outgoing.requests
        self._microphone, self._speaker = microphone, speaker
        self._known, self._open_peer = known, open_peer
        self._on_avatar, self._on_rung = on_avatar, on_rung
        self._config, self._clock = config, clock
        self._began_at = clock()
        self._played = None if speaker is None else PlayedSound()
        self._arrivals = Arrivals(config.playout)
        self._arrivals.turn(*config.turn)
        self._waiting = Scene(WaitingRenderer(*show.size), Coefficients(), show.output)
        self._scene = self._waiting
        self._fresh = FreshSeen(show.make_renderer)
        self._newest = 0
        """Counts avatars and connections: what is prepared for an earlier one is let go."""
        self._connection: Connection | None = None
        self.measurements = Measurements()
        self.milestones: dict[str, float] = {}
        """Seconds from the beginning of the network's work to what happened first: "connected",
        "glimpse", "avatar" (all of it), "motion" (the other end's, drawn)."""
        self.counts: dict[str, int] = {}
        """Of packets and messages of the last connection, once it is over."""
        self.ended: str | None = None
        """Why the call is over, if the other end said so."""

    @property
    def connection(self) -> Connection | None:
        """The newest one."""
        return self._connection

    @property
    def arrivals(self) -> Arrivals:
        """What comes of the other end's motion."""
        return self._arrivals

    def run(
        self,
        network: Callable[[Line], Awaitable[None]],
        *,
        stop: threading.Event,
        watch: Callable[[], None] | None = None,
    ) -> None:
        """Until ``network`` returns or ``stop`` is set. What fails is raised.

        ``network`` keeps the connection, in an event loop in a thread of its own. ``watch`` is
        called in this thread some sixty times a second.
        """
        errors: list[Exception] = []

        def break_off(error: Exception) -> None:
            errors.append(error)
            stop.set()

        def talking() -> None:
            try:
                asyncio.run(self._talk(network, stop))
            finally:
                stop.set()

        emit_on_marker()
        wait_for_consent()
        spare_sctp()
        repeat_handshakes()
        sensing = self._outgoing.sensing(stop, break_off)
        talk = Stage("network", talking, on_error=break_off)
        if self._speaker is not None and self._played is not None:
            self._speaker.start(self._played.take)
        try:
            talk.start()
            if sensing is not None:
                sensing.start()
            self._draw(stop, watch)
        finally:
            stop.set()
            if sensing is not None:
                sensing.finish()
            talk.finish(self._config.finish_s)
            for device in (self._microphone, self._speaker):
                if device is not None:
                    device.close()
        if errors:
            raise errors[0]

    async def _talk(
        self, network: Callable[[Line], Awaitable[None]], stop: threading.Event
    ) -> None:
        self._began_at = self._clock()
        try:
            await network(Line(self._connect, stop))
        finally:
            connection = self._connection
            self._connection = None
            self._outgoing.use(None)
            if connection is not None:
                self.ended = connection.dialogue.ended
                self.counts = connection.counts
                await connection.close()

    def _mark(self, what: str) -> None:
        self.milestones.setdefault(what, round(self._clock() - self._began_at, 3))

    def _connect(self) -> Connection:
        self._arrivals.forget()  # whoever was there before is not who comes now
        self._newest += 1
        self._scene = self._waiting
        self._fresh.take(None)
        sound = Sound(self._microphone, self._played, self._config.voice)
        connection = Connection(
            self._open_peer(),
            self._dialogue,
            sound,
            climber_of=self._climber,
            on_open=lambda: self._mark("connected"),
        )
        self._arrivals.on_shown = self._note_shown
        self._connection = connection
        self._outgoing.use(connection)
        return connection

    def _climber(self, say: Callable[[Message], None]) -> Climber:
        return Climber(
            self._config.ladder,
            say=say,
            open_peer=self._open_peer,
            on_mine=lambda stand: self._on_rung(True, stand),
            on_theirs=lambda stand: self._on_rung(False, stand),
            drawn=lambda: self._arrivals.shown,
        )

    def _video(self) -> VideoPicture | None:
        """Of the other end, now; in the drawing loop's thread."""
        connection = self._connection
        climber = None if connection is None else connection.dialogue.climber
        return None if climber is None else climber.video()

    def _note_shown(self, seconds: float, now: float) -> None:
        """In the drawing loop's thread: the stream's ``seconds`` are drawn ``now``."""
        if self._scene is not self._waiting:
            self._mark("motion")
        connection, began_at = self._connection, self._arrivals.began_at
        if connection is not None:
            connection.lip_sync.picture_is_shown(seconds, now)
        if began_at is not None:
            self.measurements.add("camera to renderer", now - began_at - seconds)

    def _dialogue(self, connection: Connection) -> Dialogue:
        return Dialogue(
            self._me,
            connection,
            known=self._known,
            arrivals=self._arrivals,
            on_avatar=self._take_avatar,
            on_fresh=lambda fresh: self._take_fresh(connection, fresh),
            config=self._config.motion,
        )

    def _take_avatar(self, avatar: Avatar) -> None:
        """Prepares to draw it beside the event loop, and says whose it is."""
        self._mark("glimpse" if avatar.matte.shape[0] <= GLIMPSE.height else "avatar")
        self._on_avatar(avatar)
        self._newest += 1
        mine = self._newest

        def prepare() -> None:
            try:
                renderer = Pictured(
                    self._show.make_renderer(avatar),
                    self._video,
                    self._fresh.renderer,
                    size=self._show.size,
                    label=self._show.output,
                )
            except Exception:
                logger.exception("the other end's avatar cannot be drawn")
                return
            if mine == self._newest:  # else a better one, or somebody else, has come meanwhile
                self._scene = Scene(renderer, avatar.rest)

        asyncio.get_running_loop().run_in_executor(None, prepare)

    def _take_fresh(self, connection: Connection, fresh: FreshStill | None) -> None:
        if connection is self._connection:  # what comes of an earlier one is nobody's who is here
            self._fresh.take(fresh)

    def _draw(self, stop: threading.Event, watch: Callable[[], None] | None) -> None:
        run_loop(
            open_camera=lambda: ArrivalsCamera(self._config.fps),
            tracker=ArrivalsTracker(self._arrivals),
            scenes=lambda: self._scene,
            sinks=self._show.sinks,
            config=LoopConfig(fps=self._config.fps, finish_s=self._config.finish_s),
            stop=stop,
            watch=watch,
            measurements=self.measurements,
        )
