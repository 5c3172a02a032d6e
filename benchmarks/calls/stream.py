"""``python -m benchmarks.calls.stream``: what coefficients cost and what arrives of them.

Real clips, tracked and smoothed as in a live call and made the avatar's, 25 frames a second, are
sent through encoder and decoder. Bits are those of packets, headers and checks included; what UDP,
DTLS or RTP add is not. The error is the mean over the avatar's 478 landmarks and over all frames
from the first that arrived on, in pixels of 256 x 256, between what was to be shown and what was
received last. Feedback takes `WAY` frames to come back, and is lost as packets are.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.calls.line import LINES, Fate, Line
from benchmarks.calls.motions import FPS, Motion, motions_of
from benchmarks.record import write_record
from pechead_live.avatar.file import open_avatar
from pechead_live.calls import Decoder, Encoder, EncoderConfig, StreamHeader, header_for
from pechead_live.calls.steps import PICTURE
from pechead_live.coefficients import Coefficients
from pechead_live.errors import NoFaceError
from pechead_live.facemodel.model import FaceModel, load_face_model, points_of
from pechead_live.samples import sample

DATA = Path("../shared/data/test")

QUALITIES_PX = (0.1, 0.15, 0.25, 0.4)

WAY = 4
"""Frames until feedback is there: 160 ms there and back."""

SEED = 7


class Sent(NamedTuple):
    """One motion on one line."""

    frames: int
    packets: int
    bits: int
    errors_px: list[float]
    encode_ms: list[float]
    decode_ms: list[float]
    longest_gap: int
    """Frames without anything new."""


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
    results = {
        "clips": {motion.name: len(motion.coefficients) for motion in motions},
        "header_bytes": len(header_for(rest, model, quality_px=0.15).to_bytes()),
        "streams": rows,
    }
    if not arguments.no_record:
        settings = {"data": arguments.data, "fps": FPS, "way_frames": WAY, "seed": SEED}
        print(write_record("calls.stream", results, settings))
    return 0


def send(
    motion: Motion, header: StreamHeader, config: EncoderConfig, line: Line, model: FaceModel
) -> Sent:
    """One motion, from end to end."""
    encoder = Encoder(header, config)
    decoder = Decoder(header, motion.coefficients[0].identity)
    there, back = Fate(line, SEED), Fate(line, SEED + 1)
    told: list[tuple[int, bytes]] = []
    late: list[bytes] = []
    shown: Coefficients | None = None
    packets = bits = gap = longest = 0
    errors: list[float] = []
    encode_ms: list[float] = []
    decode_ms: list[float] = []
    for k, coefficients in enumerate(motion.coefficients):
        while told and told[0][0] <= k:
            encoder.hear(told.pop(0)[1])
        began = time.perf_counter()
        packet = encoder.encode(coefficients, coefficients.captured_at)
        encode_ms.append(1000 * (time.perf_counter() - began))
        arrived: list[bytes] = []
        if packet is not None:
            packets, bits = packets + 1, bits + 8 * len(packet)
            if there.is_late() and not late:
                late.append(packet)
            elif there.arrives():
                arrived, late = [packet, *late], []
        gap += 1
        for each in arrived:
            began = time.perf_counter()
            frames = decoder.decode(each)
            decode_ms.append(1000 * (time.perf_counter() - began))
            if frames and (
                shown is None or frames[-1].coefficients.captured_at > shown.captured_at
            ):
                shown, gap = frames[-1].coefficients, 0
            if back.arrives():
                told.append((k + WAY, decoder.feedback()))
        longest = max(longest, gap)
        if shown is not None:
            errors.append(_error_px(coefficients, shown, model))
    return Sent(len(motion.coefficients), packets, bits, errors, encode_ms, decode_ms, longest)


def _cases() -> list[tuple[float, EncoderConfig, Line]]:
    """Qualities and bundles on a good line, the default quality on bad ones."""
    previous, safe = EncoderConfig(), EncoderConfig(reference="acknowledged")
    cases = [(quality, config, LINES[0]) for config in (previous, safe) for quality in QUALITIES_PX]
    cases += [(0.15, EncoderConfig(frames_per_packet=count), LINES[0]) for count in (2, 3)]
    cases += [(0.15, config, line) for line in LINES[1:] for config in (previous, safe)]
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
        "longest_gap_s": round(max(one.longest_gap for one in sent) / FPS, 2),
        "encode_ms_p50": round(statistics.median(encode), 3),
        "encode_ms_p95": round(float(np.percentile(encode, 95)), 3),
        "decode_ms_p50": round(statistics.median(decode), 3),
        "decode_ms_p95": round(float(np.percentile(decode, 95)), 3),
    }


def _words(row: dict[str, Any]) -> str:
    return (
        f"{row['line']:15} {row['reference']:12} {row['frames_per_packet']}/packet "
        f"{row['quality_px']:.2f} px: {row['kbit_per_s']:.2f} kbit/s, error "
        f"{row['error_px_mean']:.2f} (p95 {row['error_px_p95']:.2f}) px, gap "
        f"{row['longest_gap_s']:.2f} s, {row['encode_ms_p50']:.2f} + {row['decode_ms_p50']:.2f} ms"
    )


def _error_px(wanted: Coefficients, shown: Coefficients, model: FaceModel) -> float:
    apart = points_of(model, wanted) - points_of(model, shown)
    return float(np.linalg.norm(apart, axis=1).mean()) * (PICTURE - 1) / 2


if __name__ == "__main__":
    raise SystemExit(main())
