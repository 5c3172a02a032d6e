"""What rides in an Opus packet's padding: it comes out as it went in, and no decoder hears it."""

from fractions import Fraction
from functools import cache
from typing import Any, Literal

import av
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from pechead_live.calling.microphone import RATE
from pechead_live.calling.opus_padding import MOST_BYTES, ride, riders_of
from pechead_live.calling.riders import (
    COEFFICIENTS,
    EARLIER,
    FEEDBACK,
    PIECE,
    RECEIPT,
    SOUND_TIME,
    Riders,
    pack_riders,
    unpack_riders,
)

LENGTHS_MS = (20, 60, 80, 120)
FEW = {COEFFICIENTS: b"coefficients"}
MANY = {FEEDBACK: b"", COEFFICIENTS: bytes(255), EARLIER: b"\xff" * 200, PIECE: bytes(range(212))}

NUMBERS: tuple[int, ...] = (EARLIER, COEFFICIENTS, FEEDBACK, SOUND_TIME, PIECE, RECEIPT, 32, 127)

some_riders = st.dictionaries(
    st.sampled_from(NUMBERS),
    st.binary(max_size=255),
    min_size=1,
    max_size=4,
).filter(lambda riders: len(pack_riders(riders)) <= MOST_BYTES)


def codec(mode: Literal["r", "w"]) -> Any:
    context: Any = av.CodecContext.create("libopus", mode)
    context.format, context.layout, context.sample_rate = "s16", "mono", RATE
    if mode == "w":
        context.time_base = Fraction(1, RATE)
    return context


@cache
def packets(length_ms: int, rate: str, bitrate: int) -> tuple[bytes, ...]:
    """Half a second of a whistle in noise, as libopus packs it."""
    encoder = codec("w")
    encoder.bit_rate = bitrate
    encoder.options = {"frame_duration": str(length_ms), "vbr": rate, "application": "voip"}
    seconds = np.arange(RATE // 2) / RATE
    noise = np.random.default_rng(0).normal(0, 500, len(seconds))
    sound = 8000 * np.sin(2 * np.pi * 220 * seconds * (1 + seconds)) + noise
    frame = av.AudioFrame.from_ndarray(sound.astype(np.int16)[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts = RATE, 0
    return tuple(bytes(p) for p in [*encoder.encode(frame), *encoder.encode(None)])


def heard(sent: list[bytes]) -> np.ndarray:
    """What libopus decodes."""
    decoder = codec("r")
    return np.concatenate(
        [f.to_ndarray().reshape(-1) for p in sent for f in decoder.decode(av.Packet(p))]
    )


def test_the_packets_here_are_of_all_four_codes() -> None:
    kinds = {p[0] & 3 for length in LENGTHS_MS for p in packets(length, "on", 12_000)}
    kinds |= {p[0] & 3 for p in packets(60, "off", 64_000)}
    assert kinds == {0, 1, 2, 3}


@pytest.mark.parametrize("rate", ["off", "on", "constrained"])
@pytest.mark.parametrize("length_ms", LENGTHS_MS)
@pytest.mark.parametrize("bitrate", [6_000, 64_000])
def test_riders_come_out_and_the_sound_is_the_same(length_ms: int, rate: str, bitrate: int) -> None:
    plain = list(packets(length_ms, rate, bitrate))
    carrying: list[bytes] = []
    for k, packet in enumerate(plain):
        riders: Riders = (FEW, MANY)[k % 2]
        loaded = ride(packet, riders)
        assert loaded is not None
        assert riders_of(loaded) == riders
        assert riders_of(packet) == {}
        carrying.append(loaded)
    assert np.array_equal(heard(carrying), heard(plain))


def test_a_packet_of_one_frame_grows_by_three_bytes_and_what_rides() -> None:
    for packet in packets(20, "on", 12_000):
        assert packet[0] & 3 == 0
        loaded = ride(packet, FEW)
        assert loaded is not None
        # the frame count, the padding's length, and the rider's number
        assert len(loaded) - len(packet) == 3 + len(FEW[COEFFICIENTS])


def test_padding_of_any_length_is_told_right() -> None:
    packet = packets(20, "on", 12_000)[3]
    for first in range(240, 256):
        for last in (0, 1, 240, 253, 254, 255):
            riders = {PIECE: bytes(first), RECEIPT: bytes(last)}
            loaded = ride(packet, riders)
            assert loaded is not None
            assert riders_of(loaded) == riders
            assert np.array_equal(heard([loaded]), heard([packet]))


def test_what_is_too_long_does_not_ride() -> None:
    packet = packets(20, "on", 12_000)[0]
    assert ride(packet, {COEFFICIENTS: bytes(256)}) is None
    assert ride(packet, dict.fromkeys(range(40, 45), bytes(250))) is None
    assert ride(packet, {}) is None


def test_a_packet_whose_padding_holds_something_is_left_alone() -> None:
    loaded = ride(packets(20, "on", 12_000)[0], FEW)
    assert loaded is not None
    assert ride(loaded, MANY) is None


@settings(deadline=None)
@given(riders=some_riders, which=st.integers(0, 200), length_ms=st.sampled_from(LENGTHS_MS))
def test_any_riders_come_out_of_any_packet(riders: Riders, which: int, length_ms: int) -> None:
    every = packets(length_ms, "on", 12_000)
    loaded = ride(every[which % len(every)], riders)
    assert loaded is not None
    assert riders_of(loaded) == riders


@settings(deadline=None, max_examples=150)
@given(packet=st.binary(max_size=600), riders=some_riders)
def test_whatever_comes_as_a_packet_nothing_fails(packet: bytes, riders: Riders) -> None:
    assert all(32 <= number < 128 for number in riders_of(packet))
    loaded = ride(packet, riders)
    assert loaded is None or riders_of(loaded) == riders


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_damaged_packet_gives_riders_or_none_and_never_fails(data: st.DataObject) -> None:
    loaded = ride(packets(60, "off", 64_000)[2], MANY)
    assert loaded is not None
    damaged = bytearray(loaded[: data.draw(st.integers(0, len(loaded)))])
    for _ in range(min(3, len(damaged))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    found = riders_of(bytes(damaged))
    assert sum(map(len, found.values())) <= len(damaged)


@settings(deadline=None)
@given(some_riders)
def test_the_same_riders_go_in_a_message(riders: Riders) -> None:
    assert unpack_riders(pack_riders(riders)) == riders


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300))
def test_whatever_comes_as_a_message_nothing_fails(message: bytes) -> None:
    assert sum(map(len, unpack_riders(message).values())) <= len(message)


@pytest.mark.parametrize("message", [b"", b"\x00" * 9, b"\xf5", b"\xf5\x09abc", b"\x03"])
def test_a_message_that_breaks_off_holds_nothing(message: bytes) -> None:
    assert unpack_riders(message) == {}
