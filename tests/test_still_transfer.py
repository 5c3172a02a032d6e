"""A still on its way over a thin line: it comes whole, and hardly anything waits behind it."""

import hashlib
import heapq
import random
from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from pechead_live.calling.transfer import (
    LONGEST_RETRY_S,
    MOST_RECEIPTS,
    PIECE_BYTES,
    TARGET_S,
    Pace,
    Receiving,
    Sending,
    is_of,
    pieces_of,
    receipt_of,
    starts_of,
)

LINE_BITS = 20_000
"""A second."""

OVERHEAD = 93
"""Bytes of a message on the wire beyond its own."""

TICK_S = 0.02
NEW = Pace()


def content_of(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


GLIMPSE, FULL = content_of(2780), content_of(23_127)


class Line(NamedTuple):
    """What happens to messages, both ways."""

    way_s: float = 0.1
    loss: float = 0.0
    jitter_s: float = 0.0
    """Messages are late by up to so much: they overtake each other."""
    copies: int = 1
    """Of each receipt."""
    most: int = 1
    """Pieces in a message."""
    seed: int = 0


class Passage(NamedTuple):
    """What became of a transfer."""

    took_s: float
    """Until the receiver had all of it."""
    content: bytes | None
    queued_s: list[float]
    """How long each message waited for the line."""
    sent: int
    """Pieces."""
    pace: Pace
    """What the sender knows of the line at the end."""
    done: bool
    """Whether the sender knows that all came."""


def sent_over(line: Line, content: bytes, pace: Pace = NEW, longest_s: float = 900.0) -> Passage:
    """``content`` sent over a line that carries `LINE_BITS` with an endless queue before it."""
    chance = random.Random(line.seed)
    sending = Sending(content, digest_of(content), pace)
    receiving = Receiving(digest_of(content), len(content))
    on_the_way: list[tuple[float, int, bool, bytes]] = []
    queued: list[float] = []
    free_at = took_s = now = 0.0
    order = sent = 0

    def post(at: float, to_receiver: bool, message: bytes) -> None:
        nonlocal order
        order += 1
        if chance.random() >= line.loss:
            comes = at + line.way_s + chance.uniform(0, line.jitter_s)
            heapq.heappush(on_the_way, (comes, order, to_receiver, message))

    while not sending.done and now < longest_s:
        now += TICK_S
        while on_the_way and on_the_way[0][0] <= now:
            comes, _, to_receiver, message = heapq.heappop(on_the_way)
            if not to_receiver:
                sending.hear(message, comes)
            elif receiving.take(message):
                for _ in range(line.copies):
                    post(comes, False, receipt_of(digest_of(content), starts_of(message)))
                if receiving.content is not None and not took_s:
                    took_s = comes
        while (piece := sending.due(now, line.most)) is not None:
            begins = max(now, free_at)
            queued.append(begins - now)
            sent += len(starts_of(piece))
            free_at = begins + 8 * (len(piece) + OVERHEAD) / LINE_BITS
            post(free_at, True, piece)
    return Passage(took_s, receiving.content, queued, sent, sending.pace, sending.done)


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("content", [b"x", content_of(PIECE_BYTES), GLIMPSE, FULL], ids=len)
def test_it_comes_whole_whatever_is_lost(content: bytes, loss: float) -> None:
    passage = sent_over(Line(loss=loss, jitter_s=0.05), content, longest_s=3000)
    assert passage.content == content
    assert passage.done


@pytest.mark.parametrize(
    "line", [Line(), Line(way_s=0.4), Line(jitter_s=0.4), Line(copies=3), Line(most=4)]
)
def test_nothing_is_sent_twice_for_nothing_on_a_line_that_loses_nothing(line: Line) -> None:
    pieces = -(-len(FULL) // PIECE_BYTES)
    assert sent_over(line, FULL).sent <= 1.3 * pieces


def test_the_next_still_begins_with_what_is_known_of_the_line() -> None:
    before = sent_over(Line(), GLIMPSE)
    assert before.pace.shortest_s is not None
    queued = sent_over(Line(), FULL, before.pace).queued_s
    assert max(queued) < max(sent_over(Line(), FULL).queued_s) or max(queued) < 1


def test_several_pieces_in_a_message_come_the_same() -> None:
    for line in (Line(most=4), Line(most=4, loss=0.1), Line(most=4, jitter_s=0.3)):
        assert sent_over(line, FULL).content == FULL


def test_a_glimpse_is_there_within_three_seconds() -> None:
    assert sent_over(Line(), GLIMPSE).took_s < 3


@pytest.mark.parametrize("most", [1, 4])
@pytest.mark.parametrize(("loss", "most_s"), [(0.0, 20), (0.05, 100)])
def test_what_waits_behind_it_mostly_waits_little(loss: float, most_s: float, most: int) -> None:
    line = Line(loss=loss, most=most)
    passage = sent_over(line, FULL, sent_over(line, GLIMPSE).pace)
    assert passage.took_s < most_s
    assert np.mean(np.array(passage.queued_s) < 0.6) > 0.7
    assert max(passage.queued_s) < 2


def test_receipts_that_come_again_do_no_harm() -> None:
    assert sent_over(Line(copies=4, loss=0.05, jitter_s=0.2), FULL).content == FULL


def test_to_nobody_it_is_sent_ever_more_rarely_and_without_end() -> None:
    sending = Sending(GLIMPSE, digest_of(GLIMPSE), NEW)
    now, sent_at = 0.0, []
    for _ in range(20_000):
        now += 1.0
        while sending.due(now) is not None:
            sent_at.append(now)
    pieces = -(-len(GLIMPSE) // PIECE_BYTES)
    late = [at for at in sent_at if at > now - 1000]
    assert 0 < len(late) <= pieces * (1000 / LONGEST_RETRY_S + 1)


def test_the_first_piece_that_is_lost_comes_again_within_three_seconds() -> None:
    sending = Sending(b"x", digest_of(b"x"), NEW)
    assert sending.due(0.0) is not None
    assert sending.due(0.5) is None
    again = next(k * TICK_S for k in range(1000) if sending.due(k * TICK_S) is not None)
    assert TARGET_S < again < 3


def test_receipts_of_what_was_never_sent_are_ignored() -> None:
    digest = digest_of(GLIMPSE)
    sending = Sending(GLIMPSE, digest, Pace())
    assert sending.due(0.0) is not None
    for receipt in (
        b"",
        bytes(8),
        receipt_of(digest_of(FULL), [0, 200]),
        receipt_of(digest, []),
        receipt_of(digest, [1, 199, 1 << 31, len(GLIMPSE)]),
        receipt_of(digest, [0])[:-1],
    ):
        sending.hear(receipt, 0.1)
    assert not sending.done
    receiving = Receiving(digest_of(GLIMPSE), len(GLIMPSE))
    now = 0.0
    while not sending.done:
        now += 0.1
        while (piece := sending.due(now)) is not None:
            assert receiving.take(piece)
            sending.hear(receipt_of(digest_of(GLIMPSE), starts_of(piece)), now)
    assert now < 10


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20), st.floats(0, 100))
def test_whatever_comes_as_a_receipt_nothing_fails(receipts: list[bytes], at: float) -> None:
    digest = digest_of(GLIMPSE)
    sending = Sending(GLIMPSE, digest, Pace())
    sending.due(0.0)
    for receipt in receipts:
        sending.hear(receipt, at)
        sending.hear(bytes.fromhex(digest)[:8] + receipt, at)
    sending.due(at)


def test_pieces_that_are_none_of_this_still_are_refused() -> None:
    digest = digest_of(GLIMPSE)
    good = pieces_of(GLIMPSE, digest, 0)
    last = len(GLIMPSE) // PIECE_BYTES * PIECE_BYTES
    for piece in (
        b"",
        good[:8],
        good[:12],
        good[:-1],
        good + b"x",
        good + bytes(len(GLIMPSE)),
        pieces_of(FULL, digest_of(FULL), 0),
        good[:8] + (1).to_bytes(4, "big") + good[12:],
        good[:8] + (1 << 31).to_bytes(4, "big") + good[12:],
        good[:8] + last.to_bytes(4, "big") + good[12:],
    ):
        receiving = Receiving(digest, len(GLIMPSE))
        assert not receiving.take(piece)
        assert receiving.content is None


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_whatever_comes_as_a_piece_it_takes_no_more_than_its_size(pieces: list[bytes]) -> None:
    digest = digest_of(GLIMPSE)
    receiving = Receiving(digest, len(GLIMPSE))
    for piece in pieces:
        receiving.take(piece)
        receiving.take(bytes.fromhex(digest)[:8] + piece)
    assert len(receiving._content) == len(GLIMPSE)
    assert len(receiving._missing) <= -(-len(GLIMPSE) // PIECE_BYTES)


def test_a_piece_may_come_twice_and_in_any_order() -> None:
    digest = digest_of(FULL)
    receiving = Receiving(digest, len(FULL))
    starts = [*range(0, len(FULL), PIECE_BYTES)] * 2
    random.Random(1).shuffle(starts)
    assert all(receiving.take(pieces_of(FULL, digest, start)) for start in starts)
    assert receiving.content == FULL


def test_pieces_and_receipts_fit_into_a_rider() -> None:
    digest = digest_of(FULL)
    assert len(pieces_of(FULL, digest, 0)) <= 255
    assert len(receipt_of(digest, [0] * MOST_RECEIPTS)) <= 255
    assert is_of(pieces_of(FULL, digest, 200), digest)
    assert not is_of(pieces_of(FULL, digest, 200), digest_of(GLIMPSE))
