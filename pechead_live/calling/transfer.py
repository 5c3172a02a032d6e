"""A still in pieces over the unreliable way, so slowly that motion and sound hardly wait.

How fast follows the delay that it causes (as LEDBAT does, RFC 6817): a thin line's queue would hold
up everything behind it for seconds. What is lost is sent again, each time after twice as long:
SCTP's own repair would send a late message every second while it waits in that queue.
"""

from typing import NamedTuple

PIECE_BYTES = 200
"""Bytes of content in a piece: it can ride in a packet of sound."""

TARGET_S = 0.2
"""Delay that a transfer may add to the line's own."""

LEAST_UNDER_WAY, FIRST_UNDER_WAY, MOST_UNDER_WAY = 80.0, 3200.0, 64 * 1024.0
"""Bytes at a time; fewer than a piece are a piece now and then. A glimpse is under way at once."""

NEWEST = 4
"""Measurements of which the least counts."""

FIRST_RETRY_S, LEAST_RETRY_S, LONGEST_RETRY_S = 2.5, 0.6, 8.0
"""After which a piece is sent again: before the way was measured, at least, at most."""

OVERTAKEN_S = 0.1
"""After a later piece was received, an earlier one is waited for so long."""

_NAME, _PLACE = 8, 4
MOST_RECEIPTS = 40


class Pace(NamedTuple):
    """What is known of the line; it holds for the next still, too."""

    window: float = FIRST_UNDER_WAY
    """Bytes that may be under way."""
    shortest_s: float | None = None
    """The quickest way there and back."""
    usual_s: float | None = None
    """The usual one."""
    newest_s: tuple[float, ...] = ()
    """The newest ones: the least of them is the line's, the rest is this machine's business."""


class _Flight(NamedTuple):
    first_at: float
    sent_at: float
    attempts: int
    overtaken_at: float | None = None
    """When the receipt of a later piece came."""


def pieces_of(content: bytes, digest: str, start: int, count: int = 1) -> bytes:
    """8 bytes of the digest, where the first piece begins (4 bytes, big-endian), ``count`` pieces
    that follow each other."""
    place = start.to_bytes(_PLACE, "big")
    return bytes.fromhex(digest)[:_NAME] + place + content[start : start + count * PIECE_BYTES]


def receipt_of(digest: str, starts: list[int]) -> bytes:
    """What the receiver of those pieces answers: 8 bytes of the digest, where they begin."""
    places = b"".join(start.to_bytes(_PLACE, "big") for start in starts)
    return bytes.fromhex(digest)[:_NAME] + places


def starts_of(pieces: bytes) -> list[int]:
    """Where each of ``pieces`` begins."""
    start = int.from_bytes(pieces[_NAME : _NAME + _PLACE], "big")
    return list(range(start, start + len(pieces) - _NAME - _PLACE, PIECE_BYTES))


def is_of(message: bytes, digest: str) -> bool:
    """Whether a piece or a receipt is of the still of ``digest``."""
    return message[:_NAME] == bytes.fromhex(digest)[:_NAME] and len(message) >= _NAME + _PLACE


class Sending:
    """One still on its way."""

    def __init__(self, content: bytes, digest: str, pace: Pace) -> None:
        self.digest, self._content = digest, content
        self._missing = list(range(0, len(content), PIECE_BYTES))
        self._flying: dict[int, _Flight] = {}
        self._next_at = -1e9
        self.pace = pace

    @property
    def done(self) -> bool:
        """Whether all of it is there."""
        return not self._missing and not self._flying

    @property
    def all_went(self) -> bool:
        """Whether all of it was sent once."""
        return not self._missing

    def due(self, now: float, most: int = 1) -> bytes | None:
        """Up to ``most`` pieces that may be sent now, in one message; to be asked again until there
        are none."""
        if now < self._next_at:
            return None
        for start, flight in self._flying.items():
            if self._is_lost(flight, now):
                window = max(self.pace.window / 2, float(PIECE_BYTES))
                self.pace = self.pace._replace(window=window)
                self._flying[start] = _Flight(flight.first_at, now, flight.attempts + 1)
                self._rest(now, 1)
                return pieces_of(self._content, self.digest, start)
        count = 0
        while count < min(most, len(self._missing)) and self._has_room():
            start = self._missing[count]
            if start != self._missing[0] + count * PIECE_BYTES:
                break
            self._flying[start] = _Flight(now, now, 1)
            count += 1
        if not count:
            return None
        start, self._missing = self._missing[0], self._missing[count:]
        self._rest(now, count)
        return pieces_of(self._content, self.digest, start, count)

    def pause(self) -> None:
        """Something else goes first: what is under way, and may not arrive, goes again later."""
        self._missing = sorted([*self._missing, *self._flying])
        self._flying.clear()

    def hear(self, receipt: bytes, now: float) -> None:
        """What the receiver answered; nothing if that is about another still."""
        if not is_of(receipt, self.digest):
            return
        for at in range(_NAME, len(receipt) - _PLACE + 1, _PLACE):
            start = int.from_bytes(receipt[at : at + _PLACE], "big")
            flight = self._flying.pop(start, None)
            if flight is None:
                continue
            self._overtake(start, flight, now)
            # of a piece that was sent again it is not known which one came
            if flight.attempts == 1 or self.pace.usual_s is None:
                self._measure(now - flight.first_at, first=flight.attempts == 1)
            elif now - flight.sent_at > self.pace.usual_s:
                self._measure(now - flight.sent_at, first=False)

    def _is_lost(self, flight: _Flight, now: float) -> bool:
        if flight.overtaken_at is not None:
            return now - flight.overtaken_at > OVERTAKEN_S
        return now - flight.sent_at > self._retry_s(flight)

    def _overtake(self, start: int, received: _Flight, now: float) -> None:
        """What was sent before that piece, and is not there, is lost or late."""
        if received.attempts > 1:
            return
        for other, flight in self._flying.items():
            if other < start and flight.attempts == 1 and flight.overtaken_at is None:
                self._flying[other] = flight._replace(overtaken_at=now)

    def _has_room(self) -> bool:
        under_way = len(self._flying) * PIECE_BYTES
        return not under_way or under_way + PIECE_BYTES <= self.pace.window

    def _rest(self, now: float, count: int) -> None:
        if self.pace.window < PIECE_BYTES and self.pace.usual_s is not None:
            self._next_at = now + self.pace.usual_s * count * PIECE_BYTES / self.pace.window

    def _measure(self, took: float, *, first: bool) -> None:
        """``first``: it was sent once; else nothing is learned of the delay."""
        window, shortest, usual, newest = self.pace
        usual = took if usual is None else 0.75 * usual + 0.25 * took
        if first:
            shortest = took if shortest is None else min(took, shortest)
            newest = (*newest, took)[-NEWEST:]
            off = (TARGET_S - (min(newest) - shortest)) / TARGET_S
            grown = min(off, 1.0) * PIECE_BYTES * PIECE_BYTES / max(window, float(PIECE_BYTES))
            window = min(window + max(-0.3 * window, grown), MOST_UNDER_WAY)
        self.pace = Pace(max(window, LEAST_UNDER_WAY), shortest, usual, newest)

    def _retry_s(self, flight: _Flight) -> float:
        usual = self.pace.usual_s
        first = FIRST_RETRY_S if usual is None else max(2 * usual, LEAST_RETRY_S)
        return min(first * 2.0 ** min(flight.attempts - 1, 10), LONGEST_RETRY_S)


class Receiving:
    """One still that comes, in whatever order."""

    def __init__(self, digest: str, size: int) -> None:
        self.digest, self._size = digest, size
        self._content = bytearray(size)
        self._missing = set(range(0, size, PIECE_BYTES))

    def take(self, pieces: bytes) -> bool:
        """Whether ``pieces`` are of this still."""
        starts, head = starts_of(pieces), _NAME + _PLACE
        if not is_of(pieces, self.digest) or not starts or starts[0] % PIECE_BYTES:
            return False
        end = starts[0] + len(pieces) - head
        if end > self._size or (end % PIECE_BYTES and end != self._size):
            return False
        self._content[starts[0] : end] = pieces[head:]
        self._missing.difference_update(starts)
        return True

    @property
    def content(self) -> bytes | None:
        """All of it, once it is there."""
        return None if self._missing else bytes(self._content)
