"""Tracking a cropped chunk: what is measured on each frame, and coefficients of one person."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import Coefficients
from pechead_live.detector.landmarker import Landmarker
from pechead_live.facemodel.fit import fit
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.footage.person import settled_person
from pechead_live.frame import Frame

LEAST_CONFIDENCE = 0.5
"""Of a fit; below it the detector has lost the face, or found one where there is none."""

MOST_CALIBRATION = 150
"""Frames, spread over a run, from which its identity is fitted: more do not move it."""


class Track(NamedTuple):
    """Frames without a gap in which one face is followed."""

    first: int
    """Place of the first frame within what was tracked."""

    measurements: list[Measurement]
    """What the detector saw in each."""

    coefficients: list[Coefficients]
    """Fitted to each with the identity of the whole run; the first one's time is 0."""


def track(frames: Sequence[Frame], shortest: int) -> list[Track]:
    """Follows the face; a frame without one, or with a poor fit, cuts. Shorter runs are left out.

    The identity is settled over the run and then frozen, as it is after the first second of a call.
    """
    with Landmarker(faces=1) as landmarker:
        seen = [landmarker.measure(frame.pixels, frame.captured_at) for frame in frames]
    model = load_face_model()
    tracks: list[Track] = []
    for first, end in _runs([measurement is not None for measurement in seen], shortest):
        run = [m for m in seen[first:end] if m is not None]
        person = settled_person(_spread(run))
        fitted = [
            fit(m, model, person, captured_at=frame.captured_at)[0]
            for m, frame in zip(run, frames[first:end], strict=True)
        ]
        good = [c.confidence >= LEAST_CONFIDENCE and c.is_finite() for c in fitted]
        for a, b in _runs(good, shortest):
            start = fitted[a].captured_at
            timed = [replace(c, captured_at=c.captured_at - start) for c in fitted[a:b]]
            tracks.append(Track(first + a, run[a:b], timed))
    return tracks


def _spread(run: Sequence[Measurement]) -> list[Measurement]:
    """At most `MOST_CALIBRATION` of a run, from its first to its last."""
    places = np.unique(np.linspace(0, len(run) - 1, min(len(run), MOST_CALIBRATION)).astype(int))
    return [run[place] for place in places]


def _runs(good: Sequence[bool], shortest: int) -> list[tuple[int, int]]:
    """(first, end) of the stretches of True that are at least ``shortest`` long."""
    edges = np.flatnonzero(np.diff(np.array([False, *good, False], np.int8)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first, end) for first, end in pairs if end - first >= shortest]
