"""`Climber`: keeps an end of a call on its rung of the ladder, and takes the other end's video."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from aiortc import RTCPeerConnection
from aiortc.exceptions import OperationError

from pechead_live.calling.ladder.drawing_watch import DrawingWatch
from pechead_live.calling.ladder.line_watch import LineWatch
from pechead_live.calling.ladder.pictured import VideoPicture
from pechead_live.calling.ladder.pictures_seen import PicturesSeen
from pechead_live.calling.ladder.pictures_sent import PicturesSent, fitted
from pechead_live.calling.ladder.rungs import (
    READ,
    UNREAD,
    Ladder,
    LadderConfig,
    Rung,
    climbed,
    is_of_camera,
)
from pechead_live.calling.messages import Message
from pechead_live.frame import Picture
from pechead_live.studio.refusal import ApiRefusal
from pechead_live.studio.rtc.peer import UNANSWERABLE

logger = logging.getLogger(__name__)

Shown = Literal["avatar", "camera"]

LOOK_S = 0.2
"""From one look at the line to the next."""

TELL_S = 1.0
"""How often a receiver of video says what it saw."""

KEEP_S = 20.0
"""Video that is not needed any more keeps its connection for so long."""

CONNECT_S = 8.0
"""Video that has no connection by then is given up."""

OFFERS_S = 2.0
"""Between two offers that are taken, at least."""


class Stand(NamedTuple):
    """Where an end is, for whoever watches."""

    rung: Rung
    shows: Shown
    """In its pictures."""
    why: str


class Climber:
    """Of one call, in the event loop's thread but where that is said."""

    def __init__(
        self,
        config: LadderConfig,
        *,
        say: Callable[[Message], None],
        open_peer: Callable[[], RTCPeerConnection],
        on_mine: Callable[[Stand], None],
        on_theirs: Callable[[Stand], None],
        drawn: Callable[[], int],
    ) -> None:
        """``say``: over the reliable channel. ``on_mine``: this end has another rung;
        ``on_theirs``: the other end said that it has. ``drawn``: pictures of the other end's
        motion that were drawn here so far."""
        self._config, self._say, self._open_peer = config, say, open_peer
        self._on_mine, self._on_theirs, self._drawn = on_mine, on_theirs, drawn
        self._drawing = DrawingWatch()
        self._allowed = LadderConfig()
        self.line = LineWatch()
        self.ladder = Ladder()
        self.theirs = Stand(Rung.MOTION, "avatar", "the call begins")
        self._confidence = 1.0
        self._still: bool | None = None
        self._shows: Shown = "avatar"
        self._looked_at = self._told_at = self._offer_at = -1e9
        self._wanted_at = -1e9
        self._sent: PicturesSent | None = None
        self._sent_before = 0
        self._seen: PicturesSeen | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.steps: list[tuple[float, Stand]] = []
        """This end's, with the time of each."""

    @property
    def rung(self) -> Rung:
        """This end's."""
        return self.ladder.rung

    @property
    def shows(self) -> Shown:
        """Whose pictures this end sends on rungs that have video."""
        return self._shows

    def video(self) -> VideoPicture | None:
        """The other end's newest picture; None if it sends none, or that is old. In any thread."""
        seen, stand = self._seen, self.theirs
        pixels = None if seen is None or stand.rung < Rung.LOW else seen.picture()
        return None if pixels is None else VideoPicture(pixels, stand.shows == "camera")

    def allow(self, rungs: Sequence[Rung]) -> None:
        """The other end can show ``rungs``."""
        both = tuple(rung for rung in self._config.rungs if rung in rungs)
        self._allowed = replace(self._config, rungs=both)

    def note(self, confidence: float) -> None:
        """Of the tracker in the last frame; 0: no face."""
        self._confidence = confidence

    def note_still(self, *, made: bool) -> None:
        """The other end has a fresh still of this rung; False: none could be taken."""
        self._still = made or bool(self._still)

    def fitted(self, picture: Picture) -> Picture:
        """As large as this rung's video. In any thread."""
        return fitted(picture, self.rung)

    def put(self, picture: Picture, shows: Shown) -> None:
        """Sent on rungs that have video, if it ``shows`` what this end shows now."""
        if self._sent is not None and self.rung >= Rung.LOW and shows == self._shows:
            self._sent.put(picture)

    def hear(self, message: Message, now: float) -> bool:
        """Whether ``message`` was one of the ladder's."""
        match message["type"]:
            case "rung":
                self._hear_rung(message)
            case "pictures":
                self._take_offer(message["sdp"], now)
            case "pictures taken" if self._sent is not None:
                self._run(self._sent.take_answer(message["sdp"]))
            case "sees":
                sent = 0 if self._sent is None else self._sent.sent
                count, self._sent_before = sent - self._sent_before, sent
                self.line.were_seen(message["pictures"], message["lost"], count, now)
            case "draws":
                self.line.draws(message["pictures"], now)
            case _:
                return False
        return True

    def tick(self, now: float, *, is_seen: bool) -> None:
        """Some fifty times a second; ``is_seen``: whether the other end can show this one."""
        if self._seen is not None and now - self._told_at > TELL_S:
            self._told_at = now
            self._run(self._tell_seen(self._seen))
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        rate = self._drawing.told(self._drawn() if self.theirs.rung < Rung.LOW else None, now)
        if rate is not None:
            self._say({"type": "draws", "pictures": round(rate, 1)})
        if is_seen:
            self._climb(now)

    def _climb(self, now: float) -> None:
        before, shown = self.ladder, self._shows
        look = self.line.look(self._confidence, now)._replace(still=self._still)
        given_up = self._sent is not None and not self._sent.connected
        if before.rung >= Rung.LOW and given_up and now - self._wanted_at > CONNECT_S:
            look = look._replace(carried=0.0)
        self.ladder = climbed(before, look, now, self._allowed)
        of_camera = is_of_camera(shown == "camera", self.ladder, now, self._allowed)
        self._shows = "camera" if of_camera else "avatar"
        if self.ladder.rung != before.rung:
            self._step(before.rung, now)
        elif self.rung >= Rung.STILL and self._shows != shown:
            self._tell_stand(READ if self._shows == "avatar" else UNREAD, now)
        elif self.rung < Rung.LOW and now - self.ladder.stepped_at > KEEP_S:
            self._drop_sent()

    async def close(self) -> None:
        """Ends both ways of video; the camera is not to be seen any more."""
        self.ladder, self._shows = Ladder(), "avatar"
        for task in list(self._tasks):
            task.cancel()
        ways = [way for way in (self._sent, self._seen) if way is not None]
        self._sent = self._seen = None
        await asyncio.gather(*(way.close() for way in ways), return_exceptions=True)

    def _step(self, before: Rung, now: float) -> None:
        self._still = None
        self._tell_stand(self.ladder.why, now)
        if self.rung < Rung.LOW:
            return
        self.line.begin_pictures()
        if self._sent is not None and before < Rung.LOW and not self._sent.connected:
            self._drop_sent()  # it never came about
        if self._sent is None:
            self._wanted_at = now
            self._sent, self._sent_before = PicturesSent(self._open_peer(), self.rung), 0
            self._run(self._offer(self._sent))
        else:
            self._sent.take_rung(self.rung)

    def _tell_stand(self, why: str, now: float) -> None:
        stand = Stand(self.rung, self._shows, why)
        self.steps.append((now, stand))
        self._say({"type": "rung", "rung": self.rung.word, "shows": stand.shows, "why": stand.why})
        self._on_mine(stand)

    def _drop_sent(self) -> None:
        sent, self._sent = self._sent, None
        if sent is not None:
            self._run(sent.close())

    async def _offer(self, sent: PicturesSent) -> None:
        self._say({"type": "pictures", "sdp": await sent.offer()})

    def _hear_rung(self, message: Message) -> None:
        rung = next(rung for rung in Rung if rung.word == message["rung"])
        if self._seen is not None and message["shows"] != self.theirs.shows:
            self._seen.forget()
        self.theirs = Stand(rung, message["shows"], message["why"])
        self._on_theirs(self.theirs)

    def _take_offer(self, sdp: str, now: float) -> None:
        if now - self._offer_at < OFFERS_S:
            logger.warning("an offer of video came too soon after the last one and is left")
            return
        self._offer_at = now
        before, self._seen = self._seen, PicturesSeen(self._open_peer())
        if before is not None:
            self._run(before.close())
        self._run(self._answer(self._seen, sdp))

    async def _answer(self, seen: PicturesSeen, sdp: str) -> None:
        try:
            self._say({"type": "pictures taken", "sdp": await seen.answer(sdp)})
        except ApiRefusal as error:
            logger.warning("the other end's video is not taken: %s", error)
            if self._seen is seen:
                self._seen = None
            await seen.close()

    async def _tell_seen(self, seen: PicturesSeen) -> None:
        told = await seen.seen()
        if self.theirs.rung >= Rung.LOW:
            self._say({"type": "sees", "pictures": told.pictures, "lost": round(told.lost, 3)})

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    """What becomes of video never ends the call."""
    try:
        await work
    except (*UNANSWERABLE, ConnectionError, OperationError) as error:
        logger.warning("video between the ends failed: %r", error)
