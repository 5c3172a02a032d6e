"""Whatever comes in place of packets: it is dropped and counted, and nothing fails or grows."""

import random
from copy import deepcopy

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from stream_vectors import thrown

from pechead_live.avatar.file import open_avatar
from pechead_live.calls import Decoder, Encoder, EncoderConfig, header_for, read_header
from pechead_live.calls.decoder import DAMAGED
from pechead_live.calls.encoder import Reference
from pechead_live.calls.memory import KEPT
from pechead_live.calls.moment import first_moment
from pechead_live.calls.packet import MOST_BYTES
from pechead_live.calls.priors import prior_contexts
from pechead_live.calls.range_coder import CodingError
from pechead_live.calls.syntax import LAST_NUMBER
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model
from pechead_live.recording.files import read_recording
from pechead_live.samples import sample

REST = open_avatar(sample("astronaut.avatar")).rest
HEADER = header_for(REST, load_face_model(), quality_px=0.2)
MOTION = read_recording(sample("talking.npz")).coefficients[:80]
CONFIG = EncoderConfig(still_frames=1 << 30)


def real_packets(count: int = 80, reference: Reference = "previous") -> list[bytes]:
    encoder = Encoder(HEADER, EncoderConfig(still_frames=1 << 30, reference=reference))
    decoder = Decoder(HEADER, REST.identity)
    packets: list[bytes] = []
    for k in range(count):
        packet = encoder.encode(MOTION[k], k / 25)
        assert packet is not None
        packets.append(packet)
        decoder.decode(packet)
        encoder.hear(decoder.feedback())
    return packets


PACKETS = real_packets()


def usable(coefficients: Coefficients) -> bool:
    shown = coefficients.expression
    return coefficients.is_finite() and bool((shown >= 0).all() and (shown <= 1).all())


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=30))
def test_bytes_that_nobody_wrote_neither_fail_nor_grow(packets: list[bytes]) -> None:
    decoder = Decoder(HEADER, REST.identity)
    seen = [frame for packet in packets for frame in decoder.decode(packet)]
    assert all(usable(frame.coefficients) for frame in seen)
    assert len(decoder._memory) <= KEPT
    assert len(decoder.feedback()) == 10


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["previous", "acknowledged"]))
def test_packets_that_are_changed_cut_doubled_and_shuffled_neither_fail_nor_grow(
    rnd: random.Random, reference: Reference
) -> None:
    decoder = Decoder(HEADER, REST.identity)
    hostile: list[bytes] = []
    for packet in real_packets(40, reference):
        changed = bytearray(packet)
        how = rnd.randrange(6)
        if how == 0:
            changed[rnd.randrange(len(changed))] ^= 1 << rnd.randrange(8)
        elif how == 1:
            del changed[rnd.randrange(len(changed)) :]
        elif how == 2:
            changed += rnd.randbytes(rnd.randrange(2 * MOST_BYTES))
        hostile += [bytes(changed)] * (2 if how == 3 else 1)
    for place in range(0, len(hostile) - 3, 3):
        if rnd.random() < 0.3:
            hostile[place : place + 3] = reversed(hostile[place : place + 3])
    taken = 0
    for packet in hostile:
        frames = decoder.decode(packet)
        taken += bool(frames)
        assert all(usable(frame.coefficients) for frame in frames)
    assert taken + decoder.dropped.total() == len(hostile)
    assert len(decoder._memory) <= KEPT


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 30))
def test_packets_that_no_encoder_sends_but_that_are_right_neither_fail_nor_grow(seed: int) -> None:
    decoder = Decoder(HEADER, REST.identity)
    seen = [frame for packet in thrown(random.Random(seed), 40) for frame in decoder.decode(packet)]
    assert seen
    assert all(usable(frame.coefficients) for frame in seen)
    assert len(decoder._memory) <= KEPT


def test_a_level_that_moves_on_beyond_its_bound_is_damage() -> None:
    decoder = Decoder(HEADER, REST.identity)
    assert decoder.decode(bytes.fromhex("6000000000000000000000fc4be8f5be179dc5")) == []
    assert decoder.dropped == {DAMAGED: 1}


def test_most_damage_is_found_out() -> None:
    wrong = 0
    rnd = random.Random(3)
    before = Decoder(HEADER, REST.identity)
    for packet in PACKETS[:50]:
        before.decode(packet)
    (right,) = deepcopy(before).decode(PACKETS[50])
    for _ in range(400):
        changed = bytearray(PACKETS[50])
        changed[rnd.randrange(3, len(changed))] ^= 1 << rnd.randrange(8)
        frames = deepcopy(before).decode(bytes(changed))
        wrong += any(frame.levels != right.levels for frame in frames)
    assert wrong <= 8  # of 400: one in 256 looks right


def test_after_damage_the_stream_goes_on() -> None:
    encoder, decoder = Encoder(HEADER, CONFIG), Decoder(HEADER, REST.identity)
    rnd = random.Random(5)
    last = 0
    for k in range(240):
        packet = encoder.encode(MOTION[k % len(MOTION)], k / 25)
        assert packet is not None
        if k % 10 == 5:
            packet = bytes([*packet[:3], *rnd.randbytes(len(packet) - 3)])
        last = max([last, *(frame.number for frame in decoder.decode(packet))])
        encoder.hear(decoder.feedback())
    assert last >= 237


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_feedback_that_nobody_wrote_does_not_stop_the_encoder(data: bytes) -> None:
    encoder, decoder = Encoder(HEADER, CONFIG), Decoder(HEADER, REST.identity)
    for k in range(6):
        packet = encoder.encode(MOTION[k], k / 25)
        assert packet is not None
        assert len(packet) <= MOST_BYTES
        decoder.decode(packet)
        encoder.hear(data)
        encoder.hear(b"\x41" + data[:9].ljust(9, b"\0"))
    assert decoder.dropped.total() == 0


def test_feedback_with_numbers_that_were_never_sent_is_not_believed() -> None:
    encoder = Encoder(HEADER, EncoderConfig(reference="acknowledged", still_frames=1 << 30))
    decoder = Decoder(HEADER, REST.identity)
    for k in range(20):
        packet = encoder.encode(MOTION[k], k / 25)
        assert packet is not None
        assert len(decoder.decode(packet)) == 1
        assert encoder.hear(b"\x40\x00\x00\x00\xff\xff\xff\xff\xff\x00")


@settings(deadline=None)
@given(st.binary(max_size=500))
def test_a_header_that_nobody_wrote_is_refused(data: bytes) -> None:
    for wrong in (data, b"PHCS\x01" + data):
        try:
            read_header(wrong)
        except InputError:
            continue
        raise AssertionError("taken")


def test_extreme_coefficients_are_sent_within_bounds() -> None:
    encoder, decoder = Encoder(HEADER, CONFIG), Decoder(HEADER, REST.identity)
    far = Coefficients(
        identity=REST.identity,
        expression=np.full(52, 1.5, np.float32),
        translation=np.array([1e6, -1e6], np.float32),
        scale=1e-9,
    )
    for k, coefficients in enumerate([MOTION[0], far, MOTION[1], far]):
        packet = encoder.encode(coefficients, k / 25)
        assert packet is not None
        assert len(packet) <= MOST_BYTES
        (frame,) = decoder.decode(packet)
        assert usable(frame.coefficients)


def test_a_stream_that_begins_at_the_end_of_all_numbers_is_refused_where_they_end() -> None:
    encoder, decoder = Encoder(HEADER, CONFIG), Decoder(HEADER, REST.identity)
    encoder._last = first_moment(prior_contexts())._replace(number=LAST_NUMBER - 3, tick=-1)
    encoder._chain_from = LAST_NUMBER
    packets: list[bytes] = []
    try:
        for k in range(8):
            packet = encoder.encode(MOTION[k], k / 25)
            assert packet is not None
            packets.append(packet)
            encoder._chain_from = 0
    except CodingError:
        pass
    assert [len(decoder.decode(packet)) for packet in packets] == [1] * len(packets)
    assert len(packets) == 3
