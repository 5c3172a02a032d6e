"""`StillExchange`: each end gets the other's avatar, in as little as it needs."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.received_still import open_still
from pechead_live.avatar.still import MOST_BYTES, Still, digest_of
from pechead_live.calling.known_stills import KnownStills
from pechead_live.calling.messages import Message
from pechead_live.calling.riders import PIECE, RECEIPT, WANT, Riders, pack_riders
from pechead_live.calling.transfer import (
    MOST_RECEIPTS,
    PIECE_BYTES,
    Pace,
    Receiving,
    Sending,
    is_of,
    receipt_of,
    starts_of,
)
from pechead_live.errors import InputError

REPEATED_S = (0.3, 0.8, 1.6)
"""After the last piece of a still: the sender waits for the word that it is there."""

MOST_WAITING = 400
"""Receipts that wait to be sent; a still has half as many pieces."""

ASK_AGAIN_S = 1.5
"""How often a still is asked for until something of it comes; at the other end's first word, too:
before that it may not have heard."""

SOON_S = 0.8
"""After a first still was sent: on a thin line it takes so long, and what is sent meanwhile only
holds up the receipts of the other end's."""

STALLED_S = 10.0
"""So long after its last piece it is asked for again."""

ALONE = 4
"""Pieces in a message of their own."""

logger = logging.getLogger(__name__)


class StillExchange:
    """Of one call, in one thread. Times are passed in, seconds."""

    def __init__(
        self,
        mine: Sequence[Still],
        *,
        known: KnownStills,
        send: Callable[[bytes], None],
        on_avatar: Callable[[Avatar], None],
    ) -> None:
        """``mine``: editions of this end's avatar, the smallest first. ``send`` sends
        over the unreliable channel. ``on_avatar`` gets the other end's avatar, first
        a glimpse of it, then all."""
        self._mine = {still.digest: still for still in mine}
        self._known, self._send, self._on_avatar = known, send, on_avatar
        self._my_fresh: str | None = None
        """Digest of the still of this end's camera that was offered last."""
        self._fresh: tuple[str, Callable[[Avatar], None]] | None = None
        """Of the other end's camera: digest of what is wanted, and who gets it."""
        self._paused_sending: Sending | None = None
        self._paused_receiving: Receiving | None = None
        """What waits for a fresh still to pass, with all that there is of it."""
        self._sending: Sending | None = None
        self._pace = Pace()
        self._had: set[str] = set()
        """Digests of what the other end has received; a word that it wants one may come late."""
        self._receiving: Receiving | None = None
        self._came: str | None = None
        """Digest of the still that came last: its receipts may have been lost."""
        self._receipts: list[int] = []
        self._told: list[int] = []
        """Receipts that were sent: with the next they go again, as they may have been lost."""
        self._repeats: list[float] = []
        """When all is told again, after the last piece."""
        self._receipts_of = ""
        self._ask_at = self._came_at = -1e9
        """When a still is asked for again; when something of it came."""
        self._last_came = self._has_heard = False
        self._wanted: list[Message] = []
        self.has_avatar = False
        """Of the other end."""
        self.first_is_there = False
        """Whether the other end has the first still that it wanted."""
        self._went_at: float | None = None
        """When all of the first still had been sent."""
        self.counts: Counter[str] = Counter()

    def first_comes(self, now: float) -> bool:
        """Whether the other end has the first still that it wanted, or should have it soon."""
        return self.first_is_there or (self._went_at is not None and now - self._went_at > SOON_S)

    def offered(self) -> list[Message]:
        """What this end has, for its hello."""
        return [{"digest": s.digest, "bytes": len(s.content)} for s in self._mine.values()]

    def want(self, stills: Sequence[Message]) -> None:
        """The other end has ``stills``: takes the best that is known already, and asks for those
        that are better."""
        wanted = [still for still in stills if 0 < still["bytes"] <= MOST_BYTES]
        for at in range(len(wanted) - 1, -1, -1):
            content = self._known.find(wanted[at]["digest"])
            if content is not None:
                self.counts["stills known"] += 1
                self._take(content, wanted[at]["digest"])
                wanted = wanted[at + 1 :]
                break
        self._wanted = wanted
        self._ask()

    def offer(self, still: Still) -> None:
        """Of this end's camera: the other end may have it, in the last one's place."""
        self.withdraw()
        self._mine[still.digest] = still
        self._my_fresh = still.digest
        self._had.discard(still.digest)

    def withdraw(self) -> None:
        """What was offered of this end's camera is not to be had any more."""
        fresh, self._my_fresh = self._my_fresh, None
        if fresh is None:
            return
        del self._mine[fresh]
        if self._sending is not None and self._sending.digest == fresh:
            self._sending = None

    @property
    def fresh_is_there(self) -> bool:
        """Whether the other end has what was offered last."""
        return self._my_fresh is not None and self._my_fresh in self._had

    def want_fresh(self, still: Message, take: Callable[[Avatar], None]) -> None:
        """The other end has one of its camera: asked for before all else, and not kept."""
        self.forget_fresh()
        if not 0 < still["bytes"] <= MOST_BYTES:
            return
        if self._receiving is not None:
            self._paused_receiving, self._receiving = self._receiving, None
        self._fresh = still["digest"], take
        self._wanted.insert(0, still)
        self._ask()

    def forget_fresh(self) -> None:
        """It is of no use any more."""
        digest = None if self._fresh is None else self._fresh[0]
        self._fresh = None
        self._wanted = [still for still in self._wanted if still["digest"] != digest]
        if self._receiving is not None and self._receiving.digest == digest:
            self._receiving = None
            self._ask()

    def _begin(self, digest: str) -> None:
        """The other end wants one; it says so until it comes."""
        still = self._mine.get(digest)
        under_way = self._sending is not None and self._sending.digest == digest
        if still is None or under_way or digest in self._had:
            return
        if self._sending is not None:
            if self._sending.digest == self._my_fresh:
                return  # that comes first
            if digest == self._my_fresh:
                self._sending.pause()
                self._paused_sending = self._sending
        if digest != next(iter(self._mine)):
            # it has the first, and what follows must not hold up motion
            self.first_is_there = True
            window = min(self._pace.window, 2.0 * PIECE_BYTES)
            self._pace = self._pace._replace(window=window)
        paused, self._sending = self._paused_sending, None
        if paused is not None and paused.digest == digest:
            paused.pace, self._sending, self._paused_sending = self._pace, paused, None
            return
        self._sending = Sending(still.content, still.digest, self._pace)
        self.counts["stills sent"] += 1

    def hear(self, riders: Riders, now: float) -> None:
        """What came over the unreliable way."""
        if not self._has_heard:
            self._has_heard = True
            self._ask_at = min(self._ask_at, now)
        if WANT in riders:
            self._begin(riders[WANT].hex())
        if RECEIPT in riders and self._sending is not None:
            self._sending.hear(riders[RECEIPT], now)
            self._pace = self._sending.pace
            if self._sending.done:
                self._had.add(self._sending.digest)
                self._sending = None
                self.first_is_there = True
        if PIECE in riders:
            self._hear_piece(riders[PIECE], now)

    def take_receipt(self) -> Riders:
        """What is to be told of the pieces that came; it counts as sent."""
        if not self._receipts:
            return {}
        starts, self._receipts = self._receipts[:MOST_RECEIPTS], self._receipts[MOST_RECEIPTS:]
        again = self._told[len(starts) - MOST_RECEIPTS :] if len(starts) < MOST_RECEIPTS else []
        self._told = (again + starts)[-MOST_RECEIPTS:]
        return {RECEIPT: receipt_of(self._receipts_of, again + starts)}

    def take_piece(self, now: float, most: int = 1) -> Riders:
        """Up to ``most`` pieces that may be sent now, if there are any; they count as sent."""
        sending = self._sending
        piece = None if sending is None else sending.due(now, most)
        if self._went_at is None and sending is not None and sending.all_went:
            self._went_at = now
        return {} if piece is None else {PIECE: piece}

    def tick(self, now: float, *, rides: bool) -> None:
        """Sends what is due in messages of its own, unless all ``rides`` in sound."""
        receiving = self._receiving
        unheard = now >= self._ask_at and now - self._came_at > STALLED_S
        if receiving is not None and unheard:
            self._ask_at = now + ASK_AGAIN_S
            self._send(pack_riders({WANT: bytes.fromhex(receiving.digest)}))
        if self._last_came:
            self._last_came = False
            self._repeats = [now + seconds for seconds in REPEATED_S]
        if self._repeats and now >= self._repeats[0]:
            self._repeats.pop(0)
            self._receipts = self._receipts or self._told[-1:]
        if rides:
            return
        while receipt := self.take_receipt():
            self._send(pack_riders(receipt))
        while piece := self.take_piece(now, ALONE):
            self._send(pack_riders(piece))

    def _hear_piece(self, piece: bytes, now: float) -> None:
        receiving = self._receiving
        if receiving is not None and receiving.take(piece):
            self._came_at = now
            self._acknowledge(receiving.digest, piece)
        elif self._came is not None and is_of(piece, self._came):
            self._acknowledge(self._came, piece)
            return
        else:
            self.counts["pieces out of place"] += 1
            return
        content = receiving.content
        if content is not None:
            self._receiving, self._came = None, receiving.digest
            self._last_came = True
            self.counts["stills received"] += 1
            self._take(content, receiving.digest)
            self._ask()

    def _acknowledge(self, digest: str, piece: bytes) -> None:
        if digest != self._receipts_of:
            self._receipts.clear()
            self._told.clear()
        self._receipts_of = digest
        known = set(self._receipts)
        starts = starts_of(piece)[:ALONE]
        new = [start for start in starts if start not in known and start < MOST_BYTES]
        self._receipts = (self._receipts + new)[-MOST_WAITING:]

    def _ask(self) -> None:
        if self._receiving is not None:
            return
        if self._paused_receiving is not None and self._fresh is None:
            self._receiving, self._paused_receiving = self._paused_receiving, None
        elif self._wanted:
            still = self._wanted.pop(0)
            self._receiving = Receiving(still["digest"], still["bytes"])
        if self._receiving is not None:
            self._ask_at = self._came_at = -1e9

    def _take(self, content: bytes, digest: str) -> None:
        fresh = self._fresh if self._fresh is not None and self._fresh[0] == digest else None
        self._fresh = None if fresh is not None else self._fresh
        if digest_of(content) != digest:
            logger.warning("a still is not what was promised, and is left")
            return
        try:
            avatar = open_still(content)
        except InputError as error:
            logger.warning("%s", error)
            return
        if fresh is not None:
            fresh[1](avatar)
            return
        self._known.keep(content)
        self.has_avatar = True
        self._on_avatar(avatar)
