"""What the tracker sees in a method's film: the results are measured as their drivers were."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.facemodel.fit import FitState, fit
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.facemodel.topology import IBUG_68
from pechead_live.footage.points import to_pixels
from pechead_live.footage.square import SIDE
from pechead_live.frame import Pixels


class Watched(NamedTuple):
    """A film and what was seen in it, one entry a frame; None where there is no face."""

    film: list[Pixels]
    measurements: list[Measurement | None]
    coefficients: list[Coefficients | None]


def watch(
    film: list[Pixels],
    times: Sequence[float],
    person: FitState,
    *,
    still: bool = False,
    landmarker: Path | None = None,
) -> Watched:
    """Measures ``film``; ``times`` in seconds, ``person`` is whom it shows.

    ``still``: each picture is searched by itself, else the face is followed. A picture that is the
    very object before it is not measured again.
    """
    model = load_face_model()
    found: list[Measurement | None] = []
    with Landmarker(landmarker, still=still, faces=1) as tracker:
        for i, (pixels, at) in enumerate(zip(film, times, strict=True)):
            same = i > 0 and pixels is film[i - 1]
            found.append(found[-1] if same else tracker.measure(pixels, at))
    fitted = [
        None if m is None else fit(m, model, person, captured_at=at)[0]
        for m, at in zip(found, times, strict=True)
    ]
    return Watched(film, found, fitted)


def landmarks(measurement: Measurement) -> FloatArray:
    """(68, 2) iBUG landmarks, pixels of the 256 picture."""
    return to_pixels(measurement.points[list(IBUG_68)], SIDE, SIDE)


def trail(measurements: Sequence[Measurement | None], places: Sequence[int]) -> FloatArray:
    """(T, 68, 2) landmarks in pixels, T up to the last of ``places``; NaN without a face."""
    points = np.full((places[-1] + 1, len(IBUG_68), 2), np.nan, np.float32)
    for place, measurement in zip(places, measurements, strict=True):
        if measurement is not None:
            points[place] = landmarks(measurement)
    return points
