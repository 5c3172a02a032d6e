"""What a way of sending costs and how near it comes: points, and the rate between two of them."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.calls.same_face import Nearness
from pechead_live.evaluation.film import mean_known

OURS = "ours"

DATA_CHANNEL = 93
"""Bytes that a packet of a WebRTC data channel adds: IPv4 20, UDP 8, DTLS 1.2 37, SCTP 28."""

WITH_AUDIO = 3
"""Bytes that our packet adds to an RTP packet of sound that travels anyway."""

RTP, LARGEST = 50, 1200
"""Bytes that an RTP packet adds: IPv4 20, UDP 8, RTP 12, SRTP's tag 10; and what fits into one."""

CALL_S = 600
"""Seconds over which what is sent once is spread."""


class Cost(NamedTuple):
    """Of one clip sent one way; what is sent once is apart."""

    kbit_per_s: float
    """Payload."""
    wire: Mapping[str, float]
    """Way to kbit/s with its headers."""
    once: float
    """Bytes: portrait and header, or the key frame."""


class Needed(NamedTuple):
    """The rate at which a codec comes as near as we do."""

    kbit_per_s: float | None
    """None: it does not at any rate of the ladder."""
    at_most: bool
    """It does already at its lowest rate, which this is."""
    series: str
    """Where on the ladder."""


class Point(NamedTuple):
    """One way of sending, on one clip or as the mean over clips."""

    codec: str
    """`OURS` or the codec's name."""
    series: str
    step: str
    cost: Cost
    akd_px: float | None
    epd: float
    l1: float
    psnr_db: float
    faceless: float
    """Share of frames in which no face was found."""

    @property
    def spread_kbit_per_s(self) -> float:
        """Payload of a call of `CALL_S`, what is sent once included."""
        return self.cost.kbit_per_s + 8 * self.cost.once / CALL_S / 1000


def our_cost(sizes: Sequence[int], seconds: float, once: int) -> Cost:
    """``sizes``: of all packets, bytes."""
    payload, per_packet = sum(sizes), len(sizes)
    return Cost(
        _kbit(payload, seconds),
        {
            "data channel": _kbit(payload + DATA_CHANNEL * per_packet, seconds),
            "with audio": _kbit(payload + WITH_AUDIO * per_packet, seconds),
        },
        once,
    )


def video_cost(sizes: Sequence[int], seconds: float) -> Cost:
    """``sizes``: of all coded frames, bytes; the first is the key frame, and the rate that of the
    others, for ``seconds`` of the whole film."""
    rest = seconds * (len(sizes) - 1) / len(sizes)
    wire = sum(size + RTP * math.ceil(size / LARGEST) for size in sizes[1:])
    return Cost(_kbit(sum(sizes[1:]), rest), {"rtp": _kbit(wire, rest)}, sizes[0])


def point(codec: str, series: str, step: str, cost: Cost, near: Nearness) -> Point:
    """Of one clip."""
    faceless = near.faceless / near.looked_at if near.looked_at else 0.0
    return Point(codec, series, step, cost, near.akd_px, near.epd, near.l1, near.psnr_db, faceless)


def mean_point(points: Sequence[Point]) -> Point:
    """Of one way of sending over clips, each of which counts the same."""
    first = points[0]
    cost = Cost(
        _mean(p.cost.kbit_per_s for p in points),
        {way: _mean(p.cost.wire[way] for p in points) for way in first.cost.wire},
        _mean(p.cost.once for p in points),
    )
    return first._replace(
        cost=cost,
        akd_px=mean_known(p.akd_px for p in points),
        epd=_mean(p.epd for p in points),
        l1=_mean(p.l1 for p in points),
        psnr_db=_mean(p.psnr_db for p in points),
        faceless=_mean(p.faceless for p in points),
    )


def needed(
    points: Iterable[Point], codec: str, figure: str, target: float, rate: Callable[[Point], float]
) -> Needed:
    """The lowest rate at which ``codec`` brings ``figure`` (``akd_px``, ``epd`` or ``l1``) down to
    ``target``, on any of its series; between two points the figure is a line over the rate's
    logarithm. ``rate``: the kbit/s that are meant."""
    series: dict[str, list[tuple[float, float]]] = {}
    for each in points:
        value = getattr(each, figure)
        if each.codec == codec and value is not None:
            series.setdefault(each.series, []).append((rate(each), value))
    found = [
        Needed(*crossed, name)
        for name, curve in series.items()
        if (crossed := crossing(curve, target)) is not None
    ]
    return min(found, key=lambda each: each[0] or 0.0, default=Needed(None, False, ""))


def crossing(curve: Sequence[tuple[float, float]], target: float) -> tuple[float, bool] | None:
    """The lowest rate of ``curve``, pairs of rate and figure, with the figure at ``target`` or
    below, and whether it is that of the first point; None if there is none."""
    ordered = sorted(curve)
    if ordered[0][1] <= target:
        return ordered[0][0], True
    for (low, above), (high, below) in itertools.pairwise(ordered):
        if below <= target:
            share = (above - target) / (above - below)
            return math.exp(math.log(low) + share * (math.log(high) - math.log(low))), False
    return None


def _kbit(size: float, seconds: float) -> float:
    return 8 * size / seconds / 1000


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
