"""A motion travels in a few bits a frame and arrives within the quality that was asked for."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from stream_motion import FACE_MODEL, HEADER, MOTION, NEVER_SILENT, QUALITY_PX, REFERENCES, REST

from pechead_live.calls import (
    Decoder,
    Encoder,
    EncoderConfig,
    Received,
    header_for,
    read_header,
)
from pechead_live.calls.encoder import Reference
from pechead_live.calls.memory import KEPT
from pechead_live.calls.parameters import PARAMETERS, from_parameters, to_parameters
from pechead_live.calls.steps import PICTURE, effects
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.facemodel.model import points_of


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
