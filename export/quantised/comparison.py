"""A quantised `decode` against the one in full precision: time here, and what the pictures lose."""

from collections.abc import Iterable
from statistics import fmean, median
from typing import NamedTuple

import numpy as np

from engines.engine import Engine
from engines.networks.quantised_decode import alternately_ms, is_worth_it
from export.quantised.calibration import LiteEngines, pictures
from export.quantised.lite_clips import LiteClip
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.pixels import psnr

MOST_LOST_DB = 1.0
"""Of PSNR against the truth that 8 bits may lose."""

LEAST_LIKENESS_DB = 45.0
"""Of PSNR against full precision where nobody knows the truth: with it, pictures that are up to
26 dB like the truth lose less than 1 dB, however the two errors lie to each other."""

RUNS, LONGEST_S = 50, 60.0
"""Of each decode, unless a machine takes longer for them."""


class Speed(NamedTuple):
    """Milliseconds of `decode` on one thread, p50."""

    full_ms: float
    quantised_ms: float

    faster: bool
    """Whether 8 bits are worth their time."""


class Quality(NamedTuple):
    """PSNR of pictures of S x S pixels, dB."""

    pictures: int
    """How many were drawn with each."""

    likeness_db: float
    """8 bits against full precision, over the pixels of all pictures; infinite if all are equal."""

    full_db: float | None
    """Full precision against the truth, mean over pictures; None where nobody knows it."""

    quantised_db: float | None
    """8 bits against the truth, likewise."""

    @property
    def within(self) -> bool:
        """Whether little enough is lost."""
        if self.full_db is None or self.quantised_db is None:
            return self.likeness_db >= LEAST_LIKENESS_DB
        return self.full_db - self.quantised_db <= MOST_LOST_DB


def compare_speed(full: Engine, quantised: Engine) -> Speed:
    """Both in turns, on this machine."""
    full_ms, quantised_ms = alternately_ms((full, quantised), RUNS, LONGEST_S)
    return Speed(median(full_ms), median(quantised_ms), is_worth_it(full_ms, quantised_ms))


def compare_quality(full: LiteEngines, quantised: Engine, clips: Iterable[LiteClip]) -> Quality:
    """Both draw ``clips``, each with its own memory; `InputError` if there is no frame."""
    likeness: list[float] = []
    truths: list[tuple[float, float]] = []
    other = full._replace(decode=quantised)
    for clip in clips:
        both = zip(pictures(full, [clip]), pictures(other, [clip]), strict=True)
        for (expected, frame), (drawn, _) in both:
            likeness.append(psnr(drawn, expected))
            if frame.truth is not None:
                truths.append((psnr(expected, frame.truth), psnr(drawn, frame.truth)))
    if not likeness:
        raise InputError("there is no picture to compare with: give 1 frame or more")
    error = fmean(10 ** (-0.1 * one) for one in likeness)
    full_db, quantised_db = (map(fmean, zip(*truths, strict=True))) if truths else (None, None)
    return Quality(
        pictures=len(likeness),
        likeness_db=float("inf") if error == 0 else -10 * float(np.log10(error)),
        full_db=full_db,
        quantised_db=quantised_db,
    )
