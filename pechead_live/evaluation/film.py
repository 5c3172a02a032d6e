"""The figures of one film: how near it is to the truth, how it moves, and whom it shows."""

from collections.abc import Iterable, Sequence

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.evaluation.clip import Driving
from pechead_live.evaluation.instruments import Difference, Embedder, Instruments
from pechead_live.evaluation.metrics.arcface import csim_arcface
from pechead_live.evaluation.metrics.closures import eye_agreement, lip_agreement, measured_openings
from pechead_live.evaluation.metrics.identity import csim_dlib, distance_dlib
from pechead_live.evaluation.metrics.motion import akd, ard, jitter_ratio
from pechead_live.evaluation.metrics.pixels import l1, ms_ssim, psnr, ssim
from pechead_live.evaluation.metrics.regions import REGIONS, region_mask
from pechead_live.evaluation.result import Figures
from pechead_live.evaluation.subject import Subject
from pechead_live.evaluation.watched import Watched, landmarks, trail
from pechead_live.facemodel.measurement import Measurement
from pechead_live.footage.square import SIDE
from pechead_live.frame import Pixels


def mean_known(values: Iterable[float | None]) -> float | None:
    """Over the finite ones (PSNR is infinite where a clip repeats a frame); None if none is."""
    finite = [value for value in values if value is not None and np.isfinite(value)]
    return float(np.mean(finite)) if finite else None


def picture_figures(
    film: Sequence[Pixels],
    driving: Driving,
    compared: Sequence[int],
    difference: Difference | None,
) -> Figures:
    """Result against truth in the frames ``compared``; without a ``difference`` no ePD."""
    rows: list[dict[str, float]] = []
    for i in compared:
        picture, truth = film[i], driving.frames[i].pixels
        row = {
            "l1": l1(picture, truth),
            "psnr_db": psnr(picture, truth),
            "ssim": ssim(picture, truth),
            "ms_ssim": ms_ssim(picture, truth),
        }
        if difference is not None:
            row["epd"] = difference(picture, truth)
        for region in REGIONS:
            mask = region_mask(driving.measurements[i].points, region, SIDE, SIDE)
            row[f"l1_{region}"] = l1(picture, truth, mask)
        rows.append(row)
    return {name: mean_known(row[name] for row in rows) for name in rows[0]}


def landmark_figures(watched: Watched, driving: Driving, first: int) -> Figures:
    """Of a film of the driver's own face, from frame ``first`` on: AKD-mp and jitter."""
    seen = [
        akd(landmarks(driving.measurements[i]), landmarks(m))
        for i, m in enumerate(watched.measurements)
        if i >= first and m is not None
    ]
    places = [place - driving.places[first] for place in driving.places[first:]]
    driven = trail(driving.measurements[first:], places)
    ratio = jitter_ratio(driven, trail(watched.measurements[first:], places))
    return {"akd_mp_px": mean_known(seen), "jitter_ratio": mean_known([ratio])}


def rotation_error(
    asked: Sequence[Coefficients], seen: Sequence[Coefficients | None]
) -> float | None:
    """Mean absolute Euler angle between what was asked and what is seen, degrees (ARD, ARE)."""
    pairs = zip(asked, seen, strict=True)
    return mean_known(ard(a.rotation, s.rotation) for a, s in pairs if s is not None)


def identity_figures(
    watched: Watched, subject: Subject, instruments: Instruments, numbers: Sequence[int]
) -> Figures:
    """Portrait against result, in the frames ``numbers``, by every embedder that there is."""
    figures: Figures = {}
    if instruments.embedder is not None:
        source, faces = _embedded(instruments.embedder, watched, subject, numbers)
        figures["csim_dlib"] = mean_known(csim_dlib(source, face) for face in faces)
        figures["distance_dlib"] = mean_known(distance_dlib(source, face) for face in faces)
    if instruments.arcface is not None:
        source, faces = _embedded(instruments.arcface, watched, subject, numbers)
        figures["csim_arcface"] = mean_known(csim_arcface(source, face) for face in faces)
    return figures


def closure_figures(
    driver: Sequence[Measurement | None], seen: Sequence[Measurement | None]
) -> Figures:
    """Do lips and eyes close and open when the driver's do; the driver's own shows open eyes."""
    driven, made = (
        measured_openings(None if m is None else m.points for m in film) for film in (driver, seen)
    )
    if not np.isfinite(made.lips).any():
        return {}
    lips, eyes = lip_agreement(driven, made), eye_agreement(driven, made)
    return {
        "lips_shut": mean_known([lips.closed_share]),
        "lips_open": mean_known([lips.open_share]),
        "eyes_shut": mean_known([eyes.closed_share]),
        "eyes_open": mean_known([eyes.open_share]),
    }


def _embedded(
    embedder: Embedder, watched: Watched, subject: Subject, numbers: Sequence[int]
) -> tuple[FloatArray, list[FloatArray]]:
    """Of the portrait and of the results with a face; one picture many times is embedded once."""
    source = embedder.embed(subject.pixels, subject.avatar.points)
    faces: dict[int, FloatArray] = {}
    found: list[FloatArray] = []
    for i in numbers:
        picture, measurement = watched.film[i], watched.measurements[i]
        if measurement is not None:
            if id(picture) not in faces:
                faces[id(picture)] = embedder.embed(picture, measurement.points)
            found.append(faces[id(picture)])
    return source, found


def spread(first: int, count: int, wanted: int) -> list[int]:
    """At most ``wanted`` numbers from ``first`` to ``count`` - 1, evenly spread."""
    if wanted == 0:
        return []
    return sorted(set(np.linspace(first, count - 1, wanted).round().astype(int).tolist()))
