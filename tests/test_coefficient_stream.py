"""A motion travels in a few bits a frame and arrives within the quality that was asked for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from pechead_live.avatar.file import open_avatar
from pechead_live.calls import (
    Decoder,
    Encoder,
    EncoderConfig,
    Received,
    header_for,
    read_header,
)
from pechead_live.calls.decoder import REPEATED, STUCK
from pechead_live.calls.encoder import Reference
from pechead_live.calls.memory import KEPT
from pechead_live.calls.parameters import PARAMETERS, from_parameters, to_parameters
from pechead_live.calls.steps import PICTURE, effects
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model, points_of
from pechead_live.motion import MotionConfig
from pechead_live.recording.files import read_recording
from pechead_live.samples import sample
from pechead_live.steps import motion_of

REFERENCES = get_args(Reference)
QUALITY_PX = 0.15
FACE_MODEL = load_face_model()
REST = open_avatar(sample("astronaut.avatar")).rest
HEADER = header_for(REST, FACE_MODEL, quality_px=QUALITY_PX)


MOTION = motion_of(read_recording(sample("talking.npz")).coefficients, REST, MotionConfig())
"""The bundled motion as the avatar makes it."""


def error_px(one: Coefficients, other: Coefficients) -> float:
    """Mean over landmarks, 256 x 256."""
    apart = points_of(FACE_MODEL, one) - points_of(FACE_MODEL, other)
    return float(np.linalg.norm(apart, axis=1).mean()) * (PICTURE - 1) / 2


def sent(
    motion: Sequence[Coefficients], config: EncoderConfig, *, quality_px: float = QUALITY_PX
) -> tuple[list[bytes], list[Received], float]:
    """Packets, frames and bits a second of a motion on a line that loses nothing."""
    header = header_for(REST, FACE_MODEL, quality_px=quality_px)
    encoder, decoder = Encoder(header, config), Decoder(header, REST.identity)
    packets: list[bytes] = []
    received: list[Received] = []
    for coefficients in motion:
        packet = encoder.encode(coefficients, coefficients.captured_at)
        if packet is not None:
            packets.append(packet)
            received += decoder.decode(packet)
            assert encoder.hear(decoder.feedback())
    assert not decoder.dropped
    seconds = motion[-1].captured_at - motion[0].captured_at
    return packets, received, 8 * sum(map(len, packets)) / seconds


def test_coefficients_are_52_numbers_and_come_back() -> None:
    for coefficients in MOTION[::10]:
        values = to_parameters(coefficients)
        assert values.shape == (len(PARAMETERS),) == (52,)
        back = from_parameters(
            values,
            identity=coefficients.identity,
            confidence=coefficients.confidence,
            captured_at=coefficients.captured_at,
        )
        assert error_px(coefficients, back) < 1e-3


def test_a_step_of_every_parameter_moves_the_avatar_by_the_quality() -> None:
    moved = effects(REST, FACE_MODEL) * HEADER.steps
    carried = HEADER.steps > 0
    np.testing.assert_allclose(moved[carried], QUALITY_PX, rtol=1e-5)
    names = {PARAMETERS[place] for place in np.flatnonzero(~carried)}
    assert "tongueOut" in names  # it moves none of the landmarks
    assert not names & {"yaw", "jawOpen", "eyeBlinkLeft", "mouthSmileLeft", "browInnerUp"}


@pytest.mark.parametrize(
    ("config", "most_bits_per_second"),
    [
        (EncoderConfig(), 2000),
        (EncoderConfig(frames_per_packet=2), 1600),
        (EncoderConfig(frames_per_packet=3), 1500),
        (EncoderConfig(reference="acknowledged"), 4000),
    ],
)
def test_a_motion_arrives_within_its_quality_in_few_bits(
    config: EncoderConfig, most_bits_per_second: int
) -> None:
    _, received, bits_per_second = sent(MOTION, config)
    assert bits_per_second < most_bits_per_second
    by_time = {round(c.captured_at - MOTION[0].captured_at, 3): c for c in MOTION}
    errors = [
        min(
            error_px(frame.coefficients, c)
            for time, c in by_time.items()
            if abs(time - frame.coefficients.captured_at) < 0.0041
        )
        for frame in received
    ]
    assert np.mean(errors) < 2 * QUALITY_PX
    assert max(errors) < 6 * QUALITY_PX


def test_better_quality_costs_more_and_errs_less() -> None:
    rates, errors = [], []
    for quality_px in (0.6, 0.3, 0.1):
        _, received, rate = sent(MOTION, EncoderConfig(), quality_px=quality_px)
        rates.append(rate)
        pairs = zip(MOTION, received, strict=False)
        errors.append(np.mean([error_px(c, frame.coefficients) for c, frame in pairs]))
    assert rates == sorted(rates)
    assert errors == sorted(errors, reverse=True)


def test_a_face_that_is_still_costs_nearly_nothing_and_silence_is_announced() -> None:
    still = [replace(MOTION[20], captured_at=k / 25) for k in range(500)]
    packets, received, bits_per_second = sent(still, EncoderConfig())
    assert len(packets) < 70  # of 500 frames: what holds, and a sign of life every 0.4 s
    assert bits_per_second < 150
    assert received[-1].holds
    moving = [replace(MOTION[20 + k], captured_at=20 + k / 25) for k in range(10)]
    _, received, _ = sent(still + moving, EncoderConfig())
    assert error_px(received[-1].coefficients, moving[-1]) < 6 * QUALITY_PX


def test_a_lost_face_is_told_and_found_again() -> None:
    encoder, decoder = Encoder(HEADER), Decoder(HEADER, REST.identity)
    seen: list[Received] = []
    for k, coefficients in enumerate(MOTION[:60]):
        wanted = None if 20 <= k < 40 else coefficients
        packet = encoder.encode(wanted, k / 25)
        seen += [] if packet is None else decoder.decode(packet)
    lost = [frame for frame in seen if frame.lost]
    assert lost
    assert all(0.79 < frame.coefficients.captured_at < 1.61 for frame in lost)
    assert all(frame.coefficients.confidence == 0 for frame in lost)
    assert not seen[-1].lost
    assert error_px(seen[-1].coefficients, MOTION[59]) < 6 * QUALITY_PX


@pytest.mark.parametrize("reference", REFERENCES)
def test_capture_times_arrive_within_half_a_tick(reference: Reference) -> None:
    motion = [replace(c, captured_at=50.0 + k / 24 + 0.003 * (k % 3)) for k, c in enumerate(MOTION)]
    _, received, _ = sent(motion, EncoderConfig(reference=reference))
    times = [c.captured_at - 50.0 for c in motion]
    for frame in received:
        apart = min(abs(time - frame.coefficients.captured_at) for time in times)
        assert apart <= 0.002 + 1e-9


NEVER_SILENT = 1 << 30
"""Still frames before a silence, where every frame shall be sent."""


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


def test_memory_is_bounded_at_both_ends() -> None:
    config = EncoderConfig(still_frames=NEVER_SILENT)
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    for k in range(3 * KEPT):
        packet = encoder.encode(MOTION[k % len(MOTION)], k / 25)
        assert packet is not None
        decoder.decode(packet)
        encoder.hear(decoder.feedback())
    assert len(decoder._memory) == KEPT
    assert len(encoder._sent) <= KEPT
    assert len(encoder._had) <= KEPT
    assert len(decoder._checks) <= KEPT


def test_a_header_comes_back_and_a_damaged_one_is_refused() -> None:
    data = HEADER.to_bytes()
    back = read_header(data)
    np.testing.assert_array_equal(back.steps, HEADER.steps)
    np.testing.assert_array_equal(back.origin, HEADER.origin)
    with pytest.raises(InputError, match="PHCS"):
        read_header(b"GIF89a")
    with pytest.raises(InputError, match="version 9"):
        read_header(data[:4] + b"\x09" + data[5:])
    with pytest.raises(InputError, match="damaged"):
        read_header(data[:-1])
    with pytest.raises(InputError, match="damaged"):
        read_header(data[:100] + b"\xff" + data[101:])


@pytest.mark.parametrize("quality_px", [0.0, -1.0, float("nan"), 17.0])
def test_a_quality_that_is_none_is_refused(quality_px: float) -> None:
    with pytest.raises(InputError, match="quality_px"):
        header_for(REST, FACE_MODEL, quality_px=quality_px)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"frames_per_packet": 4}, "frames per packet"),
        ({"reference": "next"}, "reference"),
        ({"thrift": -1.0}, "thrift"),
        ({"keep_alive_s": 0.0}, "keep_alive_s"),
        ({"calm_s": -1.0}, "calm_s"),
        ({"calm_s": float("inf")}, "calm_s"),
    ],
)
def test_a_setting_that_is_none_is_refused(settings: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        EncoderConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("reference", REFERENCES)
def test_while_a_face_is_lost_the_avatar_stays_where_it_was(reference: Reference) -> None:
    config = EncoderConfig(reference=reference, still_frames=NEVER_SILENT)
    encoder, decoder = Encoder(HEADER, config), Decoder(HEADER, REST.identity)
    told: list[bytes] = []
    levels: list[tuple[int, ...]] = []
    broken = replace(MOTION[0], scale=float("nan"))
    for k in range(60):
        seen = MOTION[40 + k] if k < 40 else None if k % 2 else broken
        packet = encoder.encode(seen, k / 25)
        assert packet is not None
        levels += [frame.levels for frame in decoder.decode(packet)]
        told.append(decoder.feedback())
        if len(told) > 6:
            encoder.hear(told.pop(0))
    assert len(levels) == 60
    assert levels[30] != levels[39]
    assert set(levels[40:]) == {levels[39]}
