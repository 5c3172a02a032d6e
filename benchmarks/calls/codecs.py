"""``python -m benchmarks.calls.codecs``: our call against H.264, VP9 and AV1, bits for nearness.

The test clips, 256 x 256 and 25 frames a second, are sent as video and as a call of ours: their
first frame as a still, then coefficients, tracked and smoothed as live, through encoder, decoder
and playout. What arrives is held against the clip as `evaluate reconstruction` does: AKD-mp, ePD,
L1, PSNR. Every figure is a mean over clips. What is sent once, our portrait and a codec's key
frame, is counted apart on both sides. Nothing is lost on the line.

AKD-mp leaves out frames in which no face is found (their share is told): this flatters video that
has become a blur. The rate a codec needs to come as near as we do is the lowest on any of its
series (sizes, rates, a fine key frame), between two points on a line over the rate's logarithm.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
from threadpoolctl import threadpool_limits

from benchmarks.calls.comparison import by_clip, compare, comparison_words
from benchmarks.calls.curves import draw_curves
from benchmarks.calls.motions import FPS
from benchmarks.calls.points import (
    CALL_S,
    DATA_CHANNEL,
    LARGEST,
    OURS,
    RTP,
    WITH_AUDIO,
    Cost,
    Point,
    mean_point,
    our_cost,
    point,
    video_cost,
)
from benchmarks.calls.same_face import COMPARED, LOOKED_AT, Eye, Film, Truth, films_of
from benchmarks.calls.sent_avatar import (
    EDITION,
    SENDINGS,
    Sending,
    draw,
    live_motion,
    send,
    send_still,
)
from benchmarks.calls.video import ENCODERS, OPTIONS, SETTINGS, Setting, code
from benchmarks.record import ROOT, write_record
from pechead_live.cli.models import factory_of
from pechead_live.errors import NoFaceError
from pechead_live.evaluation.tasks import clips_in

DATA = Path("../shared/data/test")

PICTURE = ROOT / "docs" / "calls-codecs.png"

FRAMES = 100
"""Of each clip: four seconds."""

HEADLINES = tuple(f"{s.series}, {s.step}" for s in SENDINGS if s.quality_px == 0.15)
"""What is compared aloud; the record holds the rest."""

STILL, UNSENT = "the portrait, unmoved", "analytic, motion as tracked"
"""What costs nothing, and what a stream without loss of precision would show."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table, draws the curves, writes the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls.codecs", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of clips")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--frames", type=int, default=FRAMES, help="of each clip (%(default)s)")
    parser.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")
    parser.add_argument("--no-record", action="store_true", help="for a look; writes no record")
    parser.add_argument("--picture", type=Path, help="where to draw the curves without a record")
    arguments = parser.parse_args(argv)
    if arguments.frames < FPS:
        parser.error(f"--frames {arguments.frames}: give at least {FPS}, a second")
    began = time.perf_counter()
    paths = clips_in(arguments.data, arguments.clips)
    films, left_out = films_of(paths, arguments.frames, arguments.landmarker)
    if not films:
        raise NoFaceError(f"{arguments.data} holds no clip that shows a face for two seconds")
    clips: dict[str, list[Point]] = {}
    with threadpool_limits(1, user_api="blas"):
        for film in films:
            eye = Eye(arguments.landmarker)
            try:
                clips[film.name] = measure(film, eye, arguments.landmarker)
            finally:
                eye.close()
            past = (time.perf_counter() - began) / 60
            print(f"{film.name}: {len(film.frames)} frames, {past:.1f} minutes", flush=True)
    points = [mean_point(same) for same in zip(*clips.values(), strict=True)]
    for each in points:
        print(words(each))
    comparisons = compare(points)
    for line in comparisons:
        if line["ours"] in HEADLINES:
            print(comparison_words(line))
    picture = arguments.picture if arguments.no_record else PICTURE
    if picture is not None:
        draw_curves(points, picture)
    if not arguments.no_record:
        results = {
            "clips": {film.name: len(film.frames) for film in films},
            "clips_left_out": left_out,
            "minutes": round((time.perf_counter() - began) / 60, 1),
            "points": [row(each) for each in points],
            "as_near_as_ours": comparisons,
            "by_clip": by_clip(clips, HEADLINES[0]),
        }
        print(write_record("calls.codecs", results, settings(arguments.data, arguments.frames)))
    return 0


def measure(
    film: Film,
    eye: Eye,
    landmarker: Path | None,
    sendings: Sequence[Sending] = SENDINGS,
    videos: Sequence[Setting] = SETTINGS,
) -> list[Point]:
    """One clip sent in every way, in this order: not at all, ours, video."""
    truth = Truth(film, eye)
    pixels, seconds = [frame.pixels for frame in film.frames], len(film.frames) / FPS
    still = send_still(pixels[0], film.name, landmarker)
    rest = still.subject.avatar.rest
    motion = live_motion(film.frames, rest, landmarker)
    seen = next(c for c in motion if c is not None)
    exact = [seen := c or seen for c in motion]
    drawn = draw(still.subject, factory_of("analytic", None), exact)
    unmoved = [still.subject.pixels] * len(pixels)
    nothing = Cost(0.0, {}, still.size)
    found = [
        point("", STILL, "", nothing, truth.nearness(unmoved)),
        point("", UNSENT, "", nothing, truth.nearness(drawn)),
    ]
    for sending in sendings:
        stream = send(motion, rest, sending)
        drawn = draw(still.subject, factory_of(sending.renderer, None), stream.shown)
        cost = our_cost(stream.sizes, seconds, still.size + stream.header)
        found.append(point(OURS, sending.series, sending.step, cost, truth.nearness(drawn)))
    for setting in videos:
        coded = code(pixels, setting)
        cost = video_cost(coded.sizes, seconds)
        near = truth.nearness(coded.film)
        found.append(point(setting.name, setting.series, setting.step, cost, near))
    return found


def row(each: Point) -> dict[str, Any]:
    """For the record."""
    return {
        "codec": each.codec,
        "series": each.series,
        "step": each.step,
        "kbit_per_s": round(each.cost.kbit_per_s, 3),
        "wire_kbit_per_s": {way: round(rate, 2) for way, rate in each.cost.wire.items()},
        "once_bytes": round(each.cost.once),
        "ten_minute_call_kbit_per_s": round(each.spread_kbit_per_s, 3),
        "akd_px": None if each.akd_px is None else round(each.akd_px, 3),
        "epd": round(each.epd, 4),
        "l1": round(each.l1, 4),
        "psnr_db": round(each.psnr_db, 2),
        "faceless_percent": round(100 * each.faceless, 2),
    }


def settings(data: Path, frames: int) -> dict[str, Any]:
    """For the record."""
    libraries = {name: ".".join(map(str, v)) for name, v in av.library_versions.items()}
    return {
        "data": data,
        "frames": frames,
        "fps": FPS,
        "faces_in_every": LOOKED_AT,
        "pictures_in_every": COMPARED,
        "still": EDITION.__dict__,
        "bytes_per_packet": {
            "data channel": DATA_CHANNEL,
            "with audio": WITH_AUDIO,
            "rtp": RTP,
            "rtp largest": LARGEST,
        },
        "call_s": CALL_S,
        "encoders": {codec: {ENCODERS[codec]: options} for codec, options in OPTIONS.items()},
        "ffmpeg": {name: libraries[name] for name in ("libavcodec", "libswscale")},
    }


def words(each: Point) -> str:
    """A point as a line."""
    wire = ", ".join(f"{rate:.1f} {way}" for way, rate in each.cost.wire.items())
    akd = "-" if each.akd_px is None else f"{each.akd_px:.2f}"
    return (
        f"{each.series:32} {each.step:10} {each.cost.kbit_per_s:7.2f} kbit/s ({wire}), "
        f"once {each.cost.once:.0f} B; AKD-mp {akd} px, ePD {each.epd:.3f}, L1 {each.l1:.4f}, "
        f"PSNR {each.psnr_db:.1f} dB, no face {100 * each.faceless:.1f} %"
    )


if __name__ == "__main__":
    raise SystemExit(main())
