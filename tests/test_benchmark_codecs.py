"""`benchmarks.calls.codecs`: video goes through whole and at sane rates, ours too, and what is said
of rates between two points is right."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from stream_motion import FACE_MODEL, MOTION, REST

from benchmarks.calls.comparison import by_clip, compare, comparison_words
from benchmarks.calls.curves import draw_curves, envelope
from benchmarks.calls.points import (
    OURS,
    Cost,
    Point,
    crossing,
    mean_point,
    needed,
    our_cost,
    video_cost,
)
from benchmarks.calls.same_face import at_25
from benchmarks.calls.sent_avatar import Sending, send
from benchmarks.calls.video import DECODERS, SETTINGS, Codec, Setting, code, rtp_bytes
from pechead_live.avatar.photo import read_photo
from pechead_live.coefficients import Coefficients
from pechead_live.evaluation.clip import Driving
from pechead_live.evaluation.metrics.pixels import psnr
from pechead_live.facemodel.fit import FitState
from pechead_live.facemodel.model import points_of
from pechead_live.frame import Frame, Pixels
from pechead_live.samples import sample

FRAMES = 50
EDGE = cv2.BORDER_REPLICATE


@pytest.fixture(scope="module")
def film() -> list[Pixels]:
    """Two seconds of a portrait that sways."""
    portrait = cv2.resize(read_photo(sample("astronaut.jpg")), (256, 256))
    turns = [cv2.getRotationMatrix2D((128, 250), 4 * math.sin(i / 8), 1) for i in range(FRAMES)]
    return [cv2.warpAffine(portrait, turn, (256, 256), borderMode=EDGE) for turn in turns]


@pytest.mark.parametrize("codec", DECODERS)
def test_what_goes_in_comes_out_and_coarser_costs_less(codec: Codec, film: list[Pixels]) -> None:
    fine, coarse = (code(film, Setting(codec, 128, crf)) for crf in (30, 50))
    assert len(fine.film) == len(fine.sizes) == FRAMES
    assert fine.sizes[0] == max(fine.sizes) > 10 * min(fine.sizes)
    assert 3 < video_cost(coarse.sizes, 2).kbit_per_s < video_cost(fine.sizes, 2).kbit_per_s < 200
    assert 15 < psnr(coarse.film[-1], film[-1]) < psnr(fine.film[-1], film[-1]) < 40
    assert psnr(fine.film[-1], film[-1]) > psnr(fine.film[-6], film[-1])  # nothing comes late


@pytest.mark.parametrize("codec", DECODERS)
def test_a_target_rate_is_followed(codec: Codec, film: list[Pixels]) -> None:
    low, high = (code(film, Setting(codec, kbit_per_s=rate)).sizes for rate in (30, 120))
    assert video_cost(high, 2).kbit_per_s == pytest.approx(120, rel=0.5)
    assert video_cost(low, 2).kbit_per_s < 0.6 * video_cost(high, 2).kbit_per_s


def test_fewer_pictures_a_second_stand_until_the_next(film: list[Pixels]) -> None:
    coded = code(film[:9], Setting("AV1", crf=60, every=2))
    assert len(coded.sizes) == 5
    assert len(coded.film) == 9
    assert coded.film[2] is coded.film[3] is not coded.film[4]


def test_a_fine_key_frame_is_larger_and_what_follows_is_not(film: list[Pixels]) -> None:
    coarse, fine = (code(film[:25], Setting("AV1", crf=c, fine_key=k)).sizes for c, k in SIMILAR)
    assert fine[0] > 1.5 * coarse[0]
    assert sum(fine[1:]) < 2 * sum(coarse[1:])


SIMILAR = ((70, False), (63, True))


def test_rtp_carries_neither_start_codes_nor_delimiters() -> None:
    assert rtp_bytes("H.264", b"\0\0\0\1abc\0\0\1de") == 5
    assert rtp_bytes("AV1", b"\x12\x00abc") == 3
    assert rtp_bytes("AV1", b"abc") == rtp_bytes("VP9", b"abc") == 3


def test_every_setting_has_a_place_of_its_own() -> None:
    places = [(each.series, each.step) for each in SETTINGS]
    assert len(set(places)) == len(places)


def test_ours_costs_about_a_kilobit_and_shows_each_frame_in_its_place() -> None:
    motion = MOTION[:FRAMES]
    one, two, seldom = (
        send(motion, REST, Sending("analytic", 0.15, together, every))
        for together, every in ((1, 1), (2, 1), (1, 2))
    )
    costs = [our_cost(each.sizes, 2, 0).kbit_per_s for each in (one, two, seldom)]
    assert min(costs) > 0.3
    assert max(costs) == costs[0] < 4
    for stream in (one, two, seldom):
        assert len(stream.shown) == FRAMES
        assert stream.header == 425
        errors = [off_px(motion, stream.shown, later) for later in (-2, 0, 2)]
        assert min(errors) == errors[1] < 0.6


def off_px(sent: Sequence[Coefficients], shown: Sequence[Coefficients], later: int) -> float:
    """Mean over landmarks, pixels of 256, if what is shown were that many frames late."""
    pairs = [(sent[i - later], shown[i]) for i in range(5, len(sent) - 5)]
    apart = [points_of(FACE_MODEL, a) - points_of(FACE_MODEL, b) for a, b in pairs]
    return 127.5 * float(np.linalg.norm(apart, axis=2).mean())


def test_the_camera_of_25_takes_the_newest_and_ends_with_the_face() -> None:
    black = np.zeros((8, 8, 3), np.uint8)
    times = [3 + i / 50 for i in range(11)] + [5.0]
    nobody: Any = FitState
    frames = [Frame(pixels=black + i, captured_at=time) for i, time in enumerate(times)]
    taken = at_25(Driving("x", 256, 12, frames, [*range(12)], [], [], nobody))
    assert [frame.captured_at for frame in taken[:3]] == [0, 0.04, 0.08]
    assert [int(frame.pixels[0, 0, 0]) for frame in taken[:6]] == [0, 2, 4, 6, 8, 10]
    assert len(taken) == 11  # what stands longer than a fifth of a second is no face


def test_costs_count_headers_and_leave_the_key_frame_out() -> None:
    ours = our_cost([10, 20, 30], seconds=2, once=7000)
    assert ours.kbit_per_s == pytest.approx(0.24)
    assert ours.wire["data channel"] == pytest.approx(8 * (60 + 3 * 93) / 2000)
    assert ours.wire["with audio"] == pytest.approx(8 * (60 + 9) / 2000)
    video = video_cost([5000, 100, 1300], seconds=3)
    assert video.once == 5000
    assert video.kbit_per_s == pytest.approx(8 * 1400 / 2000)
    assert video.wire["rtp"] == pytest.approx(8 * (1400 + 3 * 50) / 2000)
    spread = Point("AV1", "", "", video, 1, 1, 1, 1, 0).spread_kbit_per_s
    assert spread == pytest.approx(5.6 + 40 / 600)


def test_between_two_points_the_rate_is_the_geometric_mean() -> None:
    curve = [(40.0, 0.5), (10.0, 1.5), (5.0, 3.0)]
    assert crossing(curve, 1.0) == (pytest.approx(20), False)
    assert crossing(curve, 3.0) == (5, True)
    assert crossing(curve, 9.0) == (5, True)
    assert crossing(curve, 0.4) is None
    assert crossing(curve, 0.5) == (pytest.approx(40), False)


def made_point(codec: str, series: str, rate: float, akd_px: float | None, **more: Any) -> Point:
    wire = {"data channel": rate + 18, "with audio": rate + 0.6} if codec == OURS else {}
    cost = Cost(rate, wire or {"rtp": rate + 10}, 500)
    epd = 0.3 if akd_px is None else akd_px / 3
    return Point(codec, series, f"{rate}", cost, akd_px, epd, 0.02, 30.0, more.get("faceless", 0))


POINTS = [
    Point("", "still", "", Cost(0, {}, 6000), 4.2, 0.4, 0.04, 24, 0),
    made_point(OURS, "ours analytic", 1.0, 1.0)._replace(step="0.15 px"),
    made_point("AV1", "AV1 256", 10.0, 1.5),
    made_point("AV1", "AV1 256", 40.0, 0.5),
    made_point("AV1", "AV1 128", 5.0, None, faceless=1),
    made_point("AV1", "AV1 128", 8.0, 1.2),
    made_point("AV1", "AV1 128", 12.0, 0.9),
    made_point("VP9", "VP9 256", 7.0, 0.7),
    made_point("H.264", "H.264 256", 7.0, 1.7),
]


def test_the_best_series_is_what_counts_and_bounds_are_told() -> None:
    lines = [line for line in compare(POINTS) if line["figure"] == "akd_px"]
    av1, vp9, h264 = lines
    assert (av1["codec"], av1["series"], av1["already_at_its_lowest"]) == ("AV1", "AV1 128", False)
    assert 8 < av1["kbit_per_s"] < 12
    assert av1["factor"] == pytest.approx(av1["kbit_per_s"], abs=0.01)
    assert vp9["already_at_its_lowest"]
    assert "at most 7.00" in comparison_words(vp9)
    assert h264["kbit_per_s"] is None
    assert h264["factor"] is None
    assert "not reached" in comparison_words(h264)


def test_each_clip_says_what_av1_needs_there() -> None:
    clip = by_clip({"v1": POINTS}, "ours analytic, 0.15 px")["v1"]
    assert (clip["kbit_per_s"], clip["akd_px"]) == (1, 1)
    assert 8 < clip["av1_kbit_per_s_at_our_akd_px"] < 12
    assert clip["factor_at_our_epd"] == 5


def test_a_clip_without_a_face_found_is_left_out_of_the_mean() -> None:
    mean = mean_point([made_point("AV1", "a", 4, None), made_point("AV1", "a", 8, 2.0)])
    assert (mean.cost.kbit_per_s, mean.cost.wire["rtp"], mean.akd_px) == (6, 16, 2.0)


def test_the_envelope_is_what_is_needed() -> None:
    best = envelope(POINTS, "AV1", "akd_px", lambda p: p.cost.kbit_per_s)
    rates = [rate for rate, _ in best]
    assert rates == sorted(rates)
    for rate, akd_px in best[::50]:
        found = needed(POINTS, "AV1", "akd_px", akd_px, lambda p: p.cost.kbit_per_s)
        assert found.kbit_per_s == rate


def test_the_curves_are_drawn_on_white(tmp_path: Path) -> None:
    path = tmp_path / "curves.png"
    draw_curves(POINTS, path)
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.shape[1] == 1800
    assert (picture[:4] == 255).all()
    assert 0.02 < (picture.min(axis=2) < 200).mean() < 0.3
