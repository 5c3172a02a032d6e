"""``python -m benchmarks.calls.stream``: what coefficients cost and what arrives of them.

Real clips, tracked and smoothed as in a live call and made the avatar's, 25 frames a second, are
sent through encoder, decoder and playout. Bits are those of packets, headers and checks included;
what UDP, DTLS or RTP add is not. The error is the mean over the avatar's 478 landmarks and over all
pictures from the first on, in pixels of 256 x 256, between what is shown and what the sender's
avatar did at the moment that is shown. Packets take `WAY_S` there, feedback as long back, and it is
lost as they are.
"""

import argparse
import statistics
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.calls.line import LINES, Fate, Line
from benchmarks.calls.motions import FPS, Motion, motions_of
from benchmarks.record import write_record
from pechead_live.avatar.file import open_avatar
from pechead_live.calls import Decoder, Encoder, EncoderConfig, StreamHeader, header_for
from pechead_live.calls.gfv_sei import gfv_messages
from pechead_live.calls.parameters import from_parameters, to_parameters
from pechead_live.calls.playout import PlayoutConfig, arrived, initial_playout, shown
from pechead_live.calls.steps import PICTURE
from pechead_live.coefficients import Coefficients
from pechead_live.errors import NoFaceError
from pechead_live.facemodel.model import FaceModel, load_face_model, points_of
from pechead_live.samples import sample

DATA = Path("../shared/data/test")

QUALITIES_PX = (0.1, 0.15, 0.25, 0.4)

WAY_S = 0.08
"""Seconds from end to end, one way."""

SCREEN = 50
"""Pictures shown a second."""

SEED = 7


class Sent(NamedTuple):
    """One motion on one line."""

    frames: int
    packets: int
    bits: int
    errors_px: list[float]
    encode_ms: list[float]
    decode_ms: list[float]
    bridged: int
    """Pictures that were shown while their frame was missing."""
    longest_bridge: int
    """Of these, one after another."""
    delays_s: list[float]
    """Of the jitter buffer, that of joining two frames included."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table, writes the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls.stream", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of clips")
    parser.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")
    parser.add_argument("--no-record", action="store_true", help="for a look; writes no record")
    arguments = parser.parse_args(argv)
    rest, model = open_avatar(sample("astronaut.avatar")).rest, load_face_model()
    motions = motions_of(arguments.data, rest, landmarker=arguments.landmarker)
    if not motions:
        raise NoFaceError(f"{arguments.data} holds no clip that shows a face for two seconds")
    rows: list[dict[str, Any]] = []
    for quality_px, config, line in _cases():
        header = header_for(rest, model, quality_px=quality_px)
        sent = [send(motion, header, config, line, model) for motion in motions]
        rows.append(_row(quality_px, config, line, sent))
        print(_words(rows[-1]), flush=True)
    header = header_for(rest, model, quality_px=0.15)
    seconds = sum(len(motion.coefficients) for motion in motions) / FPS
    sei_bits = sum(_bits_as_sei(motion, header) for motion in motions)
    sei_kbit = round(sei_bits / seconds / 1000, 3)
    print(f"the same levels as GFV SEI messages: {sei_kbit:.2f} kbit/s")
    results = {
        "clips": {motion.name: len(motion.coefficients) for motion in motions},
        "header_bytes": len(header.to_bytes()),
        "as_gfv_sei_kbit_per_s": sei_kbit,
        "streams": rows,
    }
    if not arguments.no_record:
        settings = {
            "data": arguments.data,
            "fps": FPS,
            "screen_fps": SCREEN,
            "way_s": WAY_S,
            "seed": SEED,
        }
        print(write_record("calls.stream", results, settings))
    return 0


def send(
    motion: Motion, header: StreamHeader, config: EncoderConfig, line: Line, model: FaceModel
) -> Sent:
    """One motion, from end to end."""
    frames = motion.coefficients
    began = frames[0].captured_at
    encoder, decoder = Encoder(header, config), Decoder(header, frames[0].identity)
    there, back = Fate(line, SEED), Fate(line, SEED + 1)
    told: list[tuple[float, bytes]] = []
    late: list[bytes] = []
    playout, state = PlayoutConfig(), initial_playout()
    found = Sent(len(frames), 0, 0, [], [], [], 0, 0, [])
    bridge = 0
    for coefficients in frames:
        while told and told[0][0] <= coefficients.captured_at:
            encoder.hear(told.pop(0)[1])
        packet = _timed(found.encode_ms, encoder.encode, coefficients, coefficients.captured_at)
        now = coefficients.captured_at + WAY_S
        arrived_now: list[bytes] = []
        if packet is not None:
            found = found._replace(packets=found.packets + 1, bits=found.bits + 8 * len(packet))
            if there.is_late() and not late:
                late.append(packet)
            elif there.arrives():
                arrived_now, late = [packet, *late], []
        for each in arrived_now:
            for frame in _timed(found.decode_ms, decoder.decode, each):
                state = arrived(state, frame, now, playout)
            if back.arrives():
                told.append((now + WAY_S, decoder.feedback()))
        for after in range(SCREEN // FPS):
            at = now + after / SCREEN
            seen, state = shown(state, at, playout, identity=frames[0].identity)
            if seen is None:
                continue
            bridge = bridge + 1 if seen.bridged else 0
            found = found._replace(
                bridged=found.bridged + seen.bridged,
                longest_bridge=max(found.longest_bridge, bridge),
            )
            found.delays_s.append(seen.delay_s)
            wanted = _at(frames, began + seen.coefficients.captured_at)
            found.errors_px.append(_error_px(wanted, seen.coefficients, model))
    return found


def _bits_as_sei(motion: Motion, header: StreamHeader) -> int:
    """Of the same levels, every frame sent."""
    encoder = Encoder(header, EncoderConfig(still_frames=len(motion.coefficients)))
    decoder = Decoder(header, motion.coefficients[0].identity)
    levels = [
        frame.levels
        for coefficients in motion.coefficients
        for frame in decoder.decode(encoder.encode(coefficients, coefficients.captured_at) or b"")
    ]
    return 8 * sum(map(len, gfv_messages(levels)))


def _timed(ms: list[float], work: Callable[..., Any], *given: Any) -> Any:
    """What ``work`` gives; its time is added to ``ms``."""
    began = time.perf_counter()
    found = work(*given)
    ms.append(1000 * (time.perf_counter() - began))
    return found


def _at(frames: Sequence[Coefficients], moment: float) -> Coefficients:
    """The motion at a moment between two frames."""
    place = bisect_left([frame.captured_at for frame in frames], moment)
    after = frames[min(place, len(frames) - 1)]
    before = frames[max(0, place - 1)]
    apart = after.captured_at - before.captured_at
    share = (moment - before.captured_at) / apart if apart > 0 else 0.0
    first, last = to_parameters(before), to_parameters(after)
    return from_parameters(
        first + (last - first) * min(max(share, 0.0), 1.0),
        identity=before.identity,
        confidence=before.confidence,
        captured_at=moment,
    )


def _cases() -> list[tuple[float, EncoderConfig, Line]]:
    """Qualities and bundles on a good line, the default quality on bad ones."""
    measured, safe = EncoderConfig(), EncoderConfig(reference="acknowledged")
    cases = [(quality, config, LINES[0]) for config in (measured, safe) for quality in QUALITIES_PX]
    cases += [(0.15, EncoderConfig(frames_per_packet=count), LINES[0]) for count in (2, 3)]
    cases += [(0.15, config, line) for line in LINES[1:] for config in (measured, safe)]
    return cases


def _row(
    quality_px: float, config: EncoderConfig, line: Line, sent: Sequence[Sent]
) -> dict[str, Any]:
    seconds = sum(one.frames for one in sent) / FPS
    errors = [error for one in sent for error in one.errors_px]
    encode = [value for one in sent for value in one.encode_ms]
    decode = [value for one in sent for value in one.decode_ms]
    return {
        "line": line.name,
        "reference": config.reference,
        "frames_per_packet": config.frames_per_packet,
        "quality_px": quality_px,
        "kbit_per_s": round(sum(one.bits for one in sent) / seconds / 1000, 3),
        "worst_clip_kbit_per_s": round(max(one.bits * FPS / one.frames for one in sent) / 1000, 3),
        "packets_per_s": round(sum(one.packets for one in sent) / seconds, 2),
        "error_px_mean": round(statistics.fmean(errors), 3),
        "error_px_p95": round(float(np.percentile(errors, 95)), 3),
        "bridged_percent": round(
            100 * sum(one.bridged for one in sent) / sum(len(one.errors_px) for one in sent), 2
        ),
        "longest_bridge_s": round(max(one.longest_bridge for one in sent) / SCREEN, 2),
        "playout_delay_ms": round(
            1000 * statistics.fmean([delay for one in sent for delay in one.delays_s]), 1
        ),
        "encode_ms_p50": round(statistics.median(encode), 3),
        "encode_ms_p95": round(float(np.percentile(encode, 95)), 3),
        "decode_ms_p50": round(statistics.median(decode), 3),
        "decode_ms_p95": round(float(np.percentile(decode, 95)), 3),
    }


def _words(row: dict[str, Any]) -> str:
    return (
        f"{row['line']:15} {row['reference']:12} {row['frames_per_packet']}/packet "
        f"{row['quality_px']:.2f} px: {row['kbit_per_s']:.2f} kbit/s, error "
        f"{row['error_px_mean']:.2f} (p95 {row['error_px_p95']:.2f}) px, bridged "
        f"{row['bridged_percent']:.1f} %, {row['longest_bridge_s']:.2f} s, "
        f"{row['encode_ms_p50']:.2f} + {row['decode_ms_p50']:.2f} ms"
    )


def _error_px(wanted: Coefficients, shown: Coefficients, model: FaceModel) -> float:
    apart = points_of(model, wanted) - points_of(model, shown)
    return float(np.linalg.norm(apart, axis=1).mean()) * (PICTURE - 1) / 2


if __name__ == "__main__":
    raise SystemExit(main())
