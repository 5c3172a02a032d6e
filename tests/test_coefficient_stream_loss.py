"""Losses, pauses and restarts: the stream goes on, and no more is missing than must be."""

from collections.abc import Sequence

import pytest
from stream_motion import HEADER, MOTION, NEVER_SILENT, REFERENCES, REST

from pechead_live.calls import (
    Decoder,
    Encoder,
    EncoderConfig,
)
from pechead_live.calls.decoder import REPEATED, STUCK
from pechead_live.calls.encoder import Reference


def on_a_bad_line(
    config: EncoderConfig, lost: Sequence[int], *, frames: int, way: int
) -> tuple[list[int], Decoder]:
    """Numbers of the frames that were decoded; packets ``lost`` by number, feedback comes after
    ``way`` frames."""
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    told: list[tuple[int, bytes]] = []
    decoded: list[int] = []
    for k in range(frames):
        coefficients = MOTION[k % len(MOTION)]
        packet = encoder.encode(coefficients, k / 25)
        while told and told[0][0] <= k:
            encoder.hear(told.pop(0)[1])
        if packet is not None and k not in lost:
            decoded += [frame.number for frame in decoder.decode(packet)]
            told.append((k + way, decoder.feedback()))
    return decoded, decoder


def test_with_acknowledged_references_a_loss_is_felt_in_its_own_frame_only() -> None:
    lost = [*range(30, 33), 50, 52, 54, *range(80, 100)]
    config = EncoderConfig(reference="acknowledged", still_frames=NEVER_SILENT)
    decoded, decoder = on_a_bad_line(config, lost, frames=150, way=5)
    assert decoded == [k for k in range(150) if k not in lost]
    assert not decoder.dropped


def test_with_previous_references_a_loss_is_mended_on_the_receiver_s_word() -> None:
    config = EncoderConfig(reference="previous", still_frames=NEVER_SILENT)
    decoded, decoder = on_a_bad_line(config, [60], frames=120, way=5)
    missing = sorted(set(range(120)) - set(decoded))
    assert missing == list(range(60, 67))  # there and back, and the frame on its way
    assert decoder.dropped == {STUCK: 6}


@pytest.mark.parametrize("frames_per_packet", [2, 3])
@pytest.mark.parametrize("way", range(1, 9))
def test_a_loss_among_bundled_frames_is_mended(frames_per_packet: int, way: int) -> None:
    config = EncoderConfig(
        reference="previous", frames_per_packet=frames_per_packet, still_frames=NEVER_SILENT
    )
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    told: list[tuple[int, bytes]] = []
    packets = 0
    last = -1
    for k in range(150):
        packet = encoder.encode(MOTION[k % len(MOTION)], k / 25)
        while told and told[0][0] <= k:
            encoder.hear(told.pop(0)[1])
        if packet is not None:
            packets += 1
            if packets != 20:
                last = max([last, *(frame.number for frame in decoder.decode(packet))])
                told.append((k + way, decoder.feedback()))
    assert last >= 145
    rest = encoder.flush()
    assert encoder.flush() is None
    assert (rest is not None) == (150 % frames_per_packet > 0)


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_receiver_that_begins_anew_is_served_at_once(reference: Reference) -> None:
    config = EncoderConfig(reference=reference, still_frames=NEVER_SILENT)
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    told: list[bytes] = []
    missed = 0
    for k in range(200):
        if k == 100:
            decoder = Decoder(HEADER, REST.identity)
        packet = encoder.encode(MOTION[k % len(MOTION)], k / 25)
        assert packet is not None
        missed += not decoder.decode(packet)
        told.append(decoder.feedback())
        if len(told) > 4:
            encoder.hear(told.pop(0))
    assert missed < 16


@pytest.mark.parametrize("reference", REFERENCES)
def test_after_a_pause_of_hours_the_stream_goes_on(reference: Reference) -> None:
    config = EncoderConfig(reference=reference, still_frames=NEVER_SILENT)
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    for k in range(120):
        at = k / 25 + (7200.0 if k >= 30 else 0.0) + (60.0 if k >= 60 else 0.0)
        packet = encoder.encode(MOTION[k], at)
        assert packet is not None
        (frame,) = decoder.decode(packet)
        assert frame.coefficients.captured_at == pytest.approx(at, abs=0.003)
        if k < 61:  # then the receiver's word is missing
            encoder.hear(decoder.feedback())


def test_a_pause_in_the_middle_of_a_packet_sends_what_there_is() -> None:
    config = EncoderConfig(frames_per_packet=3, still_frames=NEVER_SILENT)
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    numbers: list[int] = []
    for k in range(60):
        packet = encoder.encode(MOTION[k], k / 25 + (7200.0 if k >= 31 else 0.0))
        if packet is not None:
            numbers += [frame.number for frame in decoder.decode(packet)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 57
    assert not decoder.dropped


def test_a_first_packet_that_is_sent_again_later_changes_nothing() -> None:
    config = EncoderConfig(still_frames=NEVER_SILENT)
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    first = b""
    for k in range(300):
        packet = encoder.encode(MOTION[k % len(MOTION)], k / 25)
        assert packet is not None
        first = first or packet
        if k == 200:
            assert decoder.decode(first) == []
        assert len(decoder.decode(packet)) == 1
        encoder.hear(decoder.feedback())


def test_a_measured_stream_refers_to_what_is_there_while_something_is_lost() -> None:
    lost = [60, 75, 90]
    config = EncoderConfig(still_frames=NEVER_SILENT, calm_s=2.0)
    decoded, decoder = on_a_bad_line(config, lost, frames=300, way=5)
    assert decoder.dropped == {STUCK: 6}  # of the first loss only
    assert sorted(set(range(300)) - set(decoded)) == [*range(60, 67), 75, 90]
    encoder = Encoder(HEADER, config)
    known = Decoder(HEADER, REST.identity)
    careful: list[int] = []
    for k in range(300):
        packet = encoder.encode(MOTION[k % len(MOTION)], k / 25)
        if encoder.refers_to_acknowledged:
            careful.append(k)
        if packet is not None and k not in lost:
            known.decode(packet)
            encoder.hear(known.feedback())
    assert careful[0] == 62
    assert 90 + 32 < careful[-1] <= 90 + 32 + 2 * 25 + 2  # as long as the loss is told of, and 2 s


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_line_that_is_dead_for_ten_seconds_is_picked_up_again(reference: Reference) -> None:
    config = EncoderConfig(reference=reference, still_frames=NEVER_SILENT)
    decoded, _ = on_a_bad_line(config, range(40, 290), frames=320, way=3)
    assert decoded[:40] == list(range(40))
    assert decoded[-20:] == list(range(300, 320))


def test_packets_in_another_order_are_all_of_use() -> None:
    encoder = Encoder(HEADER, EncoderConfig(reference="acknowledged"))
    decoder = Decoder(HEADER, REST.identity)
    numbers: list[int] = []
    waiting: list[bytes] = []
    for k in range(90):
        packet = encoder.encode(MOTION[k], k / 25)
        assert packet is not None
        waiting.append(packet)
        if k > 3 and len(waiting) == 3:  # the newest first
            for late in reversed(waiting):
                numbers += [frame.number for frame in decoder.decode(late)]
            waiting.clear()
            encoder.hear(decoder.feedback())
    assert sorted(numbers) == list(range(len(numbers)))
    assert not decoder.dropped


def test_a_packet_that_comes_twice_is_dropped_and_counted() -> None:
    config = EncoderConfig(still_frames=NEVER_SILENT)
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    for k in range(10):
        packet = encoder.encode(MOTION[k], k / 25)
        assert packet is not None
        assert len(decoder.decode(packet)) == 1
        assert decoder.decode(packet) == []
    assert decoder.dropped == {REPEATED: 10}
