"""`Dialogue`: what two ends of a call say to each other, whatever carries it.

Over a reliable channel: hello and what else must not be lost (`calling.messages`). Over an
unreliable one, or riding in sound: coefficients and the receiver's word (`calling.motion_wire`),
stills in pieces (`calling.still_exchange`). Time is passed in; nothing here waits.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple, Protocol

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.still import Still
from pechead_live.calling.arrivals import Arrivals
from pechead_live.calling.known_stills import KnownStills
from pechead_live.calling.ladder.climber import Climber
from pechead_live.calling.ladder.fresh_exchange import FreshExchange
from pechead_live.calling.ladder.fresh_still import FreshStill
from pechead_live.calling.ladder.rungs import Rung
from pechead_live.calling.messages import (
    Message,
    common_version,
    hello,
    read_message,
    taken_rungs,
    write_message,
)
from pechead_live.calling.motion_wire import MotionConfig, MotionWire
from pechead_live.calling.riders import Riders, unpack_riders
from pechead_live.calling.still_exchange import StillExchange
from pechead_live.calls import StreamHeader
from pechead_live.calls.header import VERSIONS
from pechead_live.coefficients import Coefficients

logger = logging.getLogger(__name__)

PING_S, FIRST_PING_S, FIRST_PINGS = 10.0, 0.7, 3
"""The first follow each other: the quickest tells best how far the two clocks are apart."""

VIDEO_PING_S = 1.0
"""While this end sends video: they tell whether the line carries it."""

TAKEN = (Rung.STILL, Rung.LOW, Rung.VIDEO)
"""Rungs above motion that this program can show."""


class Me(NamedTuple):
    """This end."""

    name: str
    stills: tuple[Still, ...]
    """Editions of its avatar, the smallest first; none shows nobody."""
    header: StreamHeader | None
    """Of its stream; None if it sends none."""
    holds_ms: int = 0
    """So long it may keep coefficients, to send several at once or with sound."""
    quality_px: float | None = None
    """Of which the header was made; None if that is not known."""


class Wires(Protocol):
    """What carries a dialogue."""

    def control(self, message: str | bytes) -> None:
        """Sends over the reliable channel."""
        ...

    def motion(self, message: bytes) -> None:
        """Sends over the unreliable one."""
        ...


class Dialogue:
    """Of one call, from when its channels are open. In one thread; `arrivals` may be read in
    another."""

    def __init__(
        self,
        me: Me,
        wires: Wires,
        *,
        known: KnownStills,
        arrivals: Arrivals,
        on_avatar: Callable[[Avatar], None],
        on_fresh: Callable[[FreshStill | None], None] = lambda _: None,
        config: MotionConfig | None = None,
    ) -> None:
        """``on_avatar`` gets the other end's avatar, first a glimpse of it, then all; ``on_fresh``
        a still of its camera, None once that is not to be shown any more."""
        self._me, self._wires = me, wires
        self._on_avatar = on_avatar
        self.motion = MotionWire(
            me.header, wires.motion, arrivals, config or MotionConfig(), quality_px=me.quality_px
        )
        self.stills = StillExchange(
            me.stills, known=known, send=wires.motion, on_avatar=self._take_avatar
        )
        self.fresh = FreshExchange(self.stills, say=self.say_message, on_fresh=on_fresh)
        self._began = self._is_ready = False
        self.peer_is_ready = False
        """Whether the other end can draw this one: what comes before that is of no use to it."""
        self._pings = 0
        self._pinged_at = -1e9
        self._peer_began_at: float | None = None
        self._quickest: tuple[float, float] | None = None
        self._early: Message | None = None
        self.peer_name: str | None = None
        """As it called itself; None before its hello."""
        self.ended: str | None = None
        """Why the call is over; None while it is not."""
        self.climber: Climber | None = None
        """Hears what is said of the ladder; without it this end stays with motion."""
        self.counts: Counter[str] = Counter()

    @property
    def shows(self) -> bool:
        """Whether this end has an avatar."""
        return bool(self._me.stills)

    def hello(self) -> Message:
        """What this end says first, over the channel or, sooner, with its offer or answer."""
        me, stills = self._me, self.stills.offered()
        takes = [rung.word for rung in TAKEN] if self.climber is not None else []
        return hello(name=me.name, stills=stills, rides=True, holds_ms=me.holds_ms, takes=takes)

    def open(self, *, said_hello: bool) -> None:
        """The channels are there."""
        if not said_hello:
            self.say_message(self.hello())
        if self._early is not None:
            self._meet(self._early)

    def hear_early(self, told: object) -> bool:
        """Whether ``told``, which came with an offer or an answer, is the other end's hello."""
        message = read_message(json.dumps(told)) if isinstance(told, dict) else None
        if message is None or message["type"] != "hello":
            return False
        self._early = message
        return True

    def say(self, coefficients: Coefficients | None, captured_at: float, now: float) -> None:
        """This end's motion; None: no face."""
        climber = self.climber
        if climber is not None:
            climber.note(0.0 if coefficients is None else coefficients.confidence)
        if not self.may_move(now) or (climber is not None and climber.rung >= Rung.VIDEO):
            return
        if not self._began:
            self._began = True
            self.say_message({"type": "began", "at": captured_at})
        self.motion.say(coefficients, captured_at, now)

    def may_move(self, now: float) -> bool:
        """Whether motion is of use to the other end: it has this end's avatar, or soon will."""
        return self.peer_is_ready or self.stills.first_comes(now)

    def hear_control(self, message: str | bytes, now: float) -> None:
        """What came over the reliable channel."""
        if isinstance(message, str):
            told = read_message(message)
            if told is None:
                self.counts["messages not understood"] += 1
            else:
                self._hear(told, now)
        else:
            self.counts["messages not understood"] += 1

    def hear_motion(self, message: bytes, now: float) -> None:
        """What came over the unreliable channel."""
        self.hear_riders(unpack_riders(message), now)

    def hear_riders(self, riders: Riders, now: float) -> None:
        """What rode in sound, or came alone."""
        self.stills.hear(riders, now)
        self.motion.hear(riders, now)

    def take_riders(self, now: float) -> Riders:
        """What shall ride in the sound that goes out ``now``; it counts as sent."""
        if not self.motion.rides(now):
            return self.motion.take_riders(now)
        riders = self.stills.take_receipt() | self.motion.take_riders(now)
        return riders | self.stills.take_piece(now)

    def tick(self, now: float) -> None:
        """Some twenty times a second: what is due by time alone."""
        self.stills.tick(now, rides=self.motion.rides(now))
        self.motion.tick(now, moves=self.may_move(now))
        if self.stills.first_is_there:  # sooner than its word for it
            self.peer_is_ready = True
        if not self._is_ready and self.stills.has_avatar:
            self._is_ready = True
            self.say_message({"type": "ready"})
        climber = self.climber
        if climber is not None and self.ended is None:
            climber.tick(now, is_seen=self.peer_is_ready)
            self.fresh.keep(climber.rung, climber.shows)
        usual = PING_S if climber is None or climber.rung < Rung.LOW else VIDEO_PING_S
        pause = FIRST_PING_S if self._pings < FIRST_PINGS else usual
        if self.peer_name is not None and now - self._pinged_at > pause:
            self._pinged_at = now
            self._pings += 1
            self.say_message({"type": "ping", "at": now})

    def end(self, why: str = "") -> None:
        """Says goodbye."""
        self.say_message({"type": "bye", "why": why})

    @property
    def round_trip_s(self) -> float | None:
        """The quickest so far."""
        return None if self._quickest is None else self._quickest[0]

    def say_message(self, message: Message) -> None:
        """Over the reliable channel."""
        self._wires.control(write_message(message))

    def _hear(self, message: Message, now: float) -> None:
        match message["type"]:
            case "hello" if self.peer_name is None:
                self._meet(message)
            case "ready":
                self.peer_is_ready = True
            case "ping":
                self.say_message({"type": "pong", "at": message["at"], "here": now})
            case "pong":
                self._measure(message, now)
            case "began":
                self._peer_began_at = float(message["at"])
                self._place_in_time()
            case "bye":
                self.ended = message["why"] or "the other end has hung up"
            case "still" if self.climber is not None:
                self.fresh.hear(message, now, self.climber.theirs)
            case _ if self.climber is not None and self.climber.hear(message, now):
                self.fresh.look(self.climber.theirs)
            case _:
                self.counts["messages not understood"] += 1

    def _meet(self, message: Message) -> None:
        self.peer_name = message["name"]
        if common_version(message) is None:
            self.ended = (
                f"the other end's stream is of version {message['versions']}, this program's of "
                f"{list(VERSIONS)}: use the same release at both ends"
            )
            self.end("no version of the stream that both ends know")
            return
        self.motion.peer_finds_riders = message["rides"]
        self.motion.peer_derives = message.get("derives") is True
        self.motion.arrivals.allow_for(message["holds_ms"] / 1000)
        self.stills.want(message["stills"])
        if self.climber is not None:
            self.climber.allow(taken_rungs(message))

    def _take_avatar(self, avatar: Avatar) -> None:
        self.motion.peer_rest = avatar.rest
        self._on_avatar(avatar)

    def _measure(self, message: Message, now: float) -> None:
        took = now - message["at"]
        if took >= 0 and self.climber is not None:
            self.climber.line.came_back(took)
        if took >= 0 and (self._quickest is None or took < self._quickest[0]):
            self._quickest = took, message["here"] - (message["at"] + now) / 2
            self._place_in_time()

    def _place_in_time(self) -> None:
        if self._quickest is not None and self._peer_began_at is not None:
            self.motion.arrivals.place_in_time(self._peer_began_at - self._quickest[1])
