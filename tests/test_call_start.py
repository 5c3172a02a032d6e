"""How a call begins soon: no handshake of the channels, no long header, losses mended early."""

import asyncio
from typing import Any

import numpy as np
import pytest
from dialogue_line import stills
from still_samples import astronaut
from stream_motion import MOTION

from pechead_live.calling.arrivals import MOST_EARLY, Arrivals
from pechead_live.calling.association import agree, association_of
from pechead_live.calling.derived_header import derived, told_header
from pechead_live.calling.known_stills import KnownStills
from pechead_live.calling.motion_wire import DERIVED_S, MotionConfig, MotionWire
from pechead_live.calling.offer import open_channels
from pechead_live.calling.riders import DERIVED, HEADER, Riders, pack_riders, unpack_riders
from pechead_live.calling.still_exchange import StillExchange
from pechead_live.calling.transfer import OVERTAKEN_S, Pace, Sending, receipt_of, starts_of
from pechead_live.calls import header_for
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model
from pechead_live.studio.rtc.peer import open_peer

QUALITY = 0.15


async def joined(agreed: bool) -> tuple[list[Any], list[str]]:
    """The SCTP states that both ends went through, and what the second heard."""
    from aiortc import RTCSessionDescription

    ends = [open_peer([]) for _ in range(2)]
    channels = [open_channels(end) for end in ends]
    if agreed:
        told = [association_of(end) for end in ends]
        assert agree(ends[0], told[1]) and agree(ends[1], told[0])
    states, heard = list[Any](), list[str]()
    for end in ends:
        sctp: Any = end.sctp
        change = sctp._set_state

        def noted(state: Any, change: Any = change) -> None:
            states.append(state.name)
            change(state)

        sctp._set_state = noted
    channels[1].control.on("message", heard.append)
    channels[0].control.on("open", lambda: channels[0].control.send("hello"))
    await ends[0].setLocalDescription(await ends[0].createOffer())
    offer = RTCSessionDescription(ends[0].localDescription.sdp, "offer")
    await ends[1].setRemoteDescription(offer)
    await ends[1].setLocalDescription(await ends[1].createAnswer())
    answer = RTCSessionDescription(ends[1].localDescription.sdp, "answer")
    await ends[0].setRemoteDescription(answer)
    async with asyncio.timeout(15):
        while not heard:
            await asyncio.sleep(0.02)
    before = list(states)
    for end in ends:
        await end.close()
    return before, heard


def test_ends_that_agreed_before_open_their_channels_without_a_handshake() -> None:
    states, heard = asyncio.run(joined(agreed=True))
    assert (set(states), heard) == ({"ESTABLISHED"}, ["hello"])
    states, heard = asyncio.run(joined(agreed=False))
    assert {"COOKIE_WAIT", "COOKIE_ECHOED"} <= set(states), "as libraries do"
    assert heard == ["hello"]


@pytest.mark.parametrize(
    "theirs",
    [
        None,
        [],
        {},
        {"tag": 0, "tsn": 1, "window": 1},
        {"tag": 1 << 32, "tsn": 1, "window": 1},
        {"tag": True, "tsn": 1, "window": 1},
        {"tag": 1, "tsn": -1, "window": 1},
        {"tag": 1, "tsn": "1", "window": 1},
        {"tag": 1, "tsn": 1.0, "window": 1},
    ],
)
def test_what_is_no_association_leaves_the_handshake_as_it_is(theirs: object) -> None:
    async def run() -> None:
        peer = open_peer([])
        open_channels(peer)
        sctp: Any = peer.sctp
        before = sctp._init
        assert not agree(peer, theirs)
        assert sctp._init == before
        await peer.close()

    asyncio.run(run())


def test_a_derived_header_is_the_whole_one() -> None:
    rest = astronaut().rest
    whole = header_for(rest, load_face_model(), quality_px=QUALITY)
    assert derived(told_header(QUALITY), rest).to_bytes() == whole.to_bytes()


@pytest.mark.parametrize(
    "told", [b"", b"\x01", told_header(QUALITY)[:-1], b"\x02" + told_header(QUALITY)[1:]]
)
def test_what_tells_no_header_is_refused(told: bytes) -> None:
    with pytest.raises(InputError):
        derived(told, astronaut().rest)


@pytest.mark.parametrize("quality", [0.0, -1.0, 17.0, float("nan"), float("inf")])
def test_a_quality_that_cannot_be_is_refused(quality: float) -> None:
    with pytest.raises(InputError):
        derived(told_header(quality), astronaut().rest)


class Wire:
    """A motion wire and what it sends."""

    def __init__(self, *, shows: bool) -> None:
        rest = astronaut().rest
        header = header_for(rest, load_face_model(), quality_px=QUALITY) if shows else None
        self.sent: list[bytes] = []
        self.arrivals = Arrivals()
        self.wire = MotionWire(
            header, self.sent.append, self.arrivals, MotionConfig(), quality_px=QUALITY
        )
        self.wire.peer_derives = True

    def riders(self) -> list[Riders]:
        """Of what was sent since the last time."""
        sent, self.sent[:] = list(self.sent), []
        return [unpack_riders(message) for message in sent]


def test_motion_that_comes_before_the_avatar_is_read_once_that_is_there() -> None:
    me, other, sooner = Wire(shows=True), Wire(shows=False), Wire(shows=False)
    sooner.wire.peer_rest = astronaut().rest
    for number, coefficients in enumerate(MOTION[:20]):
        now = number / 25
        me.wire.say(coefficients, now, now)
        me.wire.tick(now)
    riders = me.riders()
    assert all(DERIVED in found and HEADER not in found for found in riders)
    for found in riders[:-1]:
        other.wire.hear(found, 0.5)
    for found in riders:
        sooner.wire.hear(found, 0.5)
    assert other.arrivals.frames == 0, "nothing is known of the stream yet"
    other.wire.peer_rest = astronaut().rest
    other.wire.hear(riders[-1], 1.0)
    assert other.arrivals.frames == sooner.arrivals.frames > 10
    assert other.arrivals.dropped() == {}
    other.wire.tick(2.0)
    for found in other.riders():
        me.wire.hear(found, 2.0)
    me.wire.say(MOTION[20], 21 / 25, 2.0)
    me.wire.say(MOTION[21], 22 / 25, 2.04)
    assert all(DERIVED not in found for found in me.riders()), "it was heard"


def test_a_receiver_that_does_not_derive_it_after_all_is_told_the_whole_header() -> None:
    me = Wire(shows=True)
    for tick in range(round(25 * (DERIVED_S + 1))):
        me.wire.say(MOTION[tick % len(MOTION)], tick / 25, tick / 25)
        me.wire.tick(tick / 25)
    assert any(HEADER in found for found in me.riders())


def test_headers_that_change_all_the_time_are_derived_once_a_second() -> None:
    other = Wire(shows=False)
    other.wire.peer_rest = astronaut().rest
    begun = list[float]()
    other.arrivals.begin = lambda header: begun.append(header.steps[0])  # type: ignore[method-assign]
    for number in range(200):
        other.wire.hear({DERIVED: told_header(0.1 + number / 1000)}, number / 100)
    assert len(begun) == 2


def test_packets_that_wait_for_a_header_are_bounded() -> None:
    arrivals = Arrivals()
    for number in range(10_000):
        assert not arrivals.take(number.to_bytes(4, "big") * 300, 0.0)
    assert len(arrivals._early) == MOST_EARLY


def test_a_piece_that_later_ones_overtook_is_sent_again_before_its_time() -> None:
    content = np.random.default_rng(1).bytes(1600)
    sending = Sending(content, "ab" * 32, Pace())
    messages = list[bytes]()
    while (message := sending.due(0.0, 4)) is not None:
        messages.append(message)
    assert [len(starts_of(message)) for message in messages] == [4, 4]
    sending.hear(receipt_of("ab" * 32, starts_of(messages[1])), 0.7)
    assert sending.due(0.7 + OVERTAKEN_S / 2, 4) is None, "it may be late"
    again = list[int]()
    while (message := sending.due(0.71 + OVERTAKEN_S, 4)) is not None:
        again += starts_of(message)
    assert again == starts_of(messages[0])


def test_a_still_is_asked_for_again_at_the_other_end_s_first_word(tmp_path: Any) -> None:
    sent = list[bytes]()
    exchange = StillExchange(
        (), known=KnownStills(tmp_path), send=sent.append, on_avatar=lambda _: None
    )
    glimpse = stills()[0]
    exchange.want([{"digest": glimpse.digest, "bytes": len(glimpse.content)}])
    for now in (0.0, 0.1, 0.2):
        exchange.tick(now, rides=False)
    assert len(sent) == 1
    exchange.hear(unpack_riders(pack_riders({HEADER: b"x"})), 0.3)
    exchange.tick(0.32, rides=False)
    assert len(sent) == 2
    exchange.hear(unpack_riders(pack_riders({HEADER: b"x"})), 0.4)
    exchange.tick(0.42, rides=False)
    assert len(sent) == 2, "once"
