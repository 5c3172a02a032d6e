"""Drift: is a film of looped motion, minutes later, still what it was.

A portrait is moved by a clip forwards and backwards, so that the motion has no jump, with the
renderer's memory carried throughout. The first and the last minute are compared at equal phases of
the loop, beside what the first minute's own loops differ by.
"""

import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.evaluation.clip import open_clip
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.film import mean_known
from pechead_live.evaluation.looping import KeptLoops, draw_loops, looping_of
from pechead_live.evaluation.method import Method, renderer_of
from pechead_live.evaluation.metrics.drift import (
    change_between,
    change_within,
    colour_change,
    level_distance,
    sharpness_ratio,
)
from pechead_live.evaluation.metrics.motion import akd
from pechead_live.evaluation.motion_asked import asked_motion, reframed
from pechead_live.evaluation.result import Figures, Result, Row
from pechead_live.evaluation.sheet import write_sheet
from pechead_live.evaluation.subject import subject_of_photo
from pechead_live.evaluation.watched import landmarks
from pechead_live.facemodel.topology import IBUG_68
from pechead_live.frame import Pixels

TABLE = (
    "drift_levels",
    "drift_noise_levels",
    "drift_excess_levels",
    "drift_mp_px",
    "drift_noise_mp_px",
    "sharpness_ratio",
    "colour_change_levels",
)

CELL = 160
"""Of the sheet, pixels."""

AMPLIFIED = 10
"""How much the sheet enlarges a difference: one level in ten is hardly seen."""


class KeptLandmarks(NamedTuple):
    """What was seen in `KeptLoops`: (68, 2) in pixels, NaN without a face."""

    first: list[list[FloatArray]]
    last: list[list[FloatArray]]


def measure_drift(
    path: Path, clip: Path, methods: Sequence[Method], config: EvaluationConfig, sheet: Path
) -> Result:
    """The portrait ``path`` moved by ``clip`` for `EvaluationConfig.minutes`; writes the sheet.

    `NoFaceError` if either shows too little of a face, `InputError` if the clip is too long for the
    film.
    """
    with Landmarker(config.landmarker, still=True) as still:
        subject = subject_of_photo(path, still)
    driving = open_clip(clip, config.frames, config.landmarker)
    looping = looping_of(driving, config.minutes)
    rest, driver = subject.avatar.rest, driving.coefficients
    framed = reframed(driver, rest) if config.motion == "absolute" else driver
    asked = asked_motion(framed, rest, config.motion)
    name = f"{clip.stem} → {subject.name}"
    facts: dict[str, Any] = {
        "portrait": path.name,
        "driving": driving.name,
        "drawn_pictures": looping.pictures,
        "pictures_a_second": round(looping.rate, 3),
        "pictures_a_loop": len(looping.order),
        "compared_phases": looping.phases,
        "loops_of_the_first_minute": looping.first,
        "loops_of_the_last_minute": looping.last,
        "results_without_face": {},
        "ms_a_picture": {},
        "notes": [],
    }
    rows: list[Row] = []
    sheet_rows: dict[str, list[Pixels]] = {}
    for method in methods:
        renderer = renderer_of(method, subject)
        began = time.perf_counter()
        kept = draw_loops(renderer, asked, driving.frames, looping)
        lasted = time.perf_counter() - began
        facts["ms_a_picture"][method.name] = round(1000 * lasted / looping.pictures, 2)
        seen = _landmarks_of(kept, config.landmarker)
        facts["results_without_face"][method.name] = sum(
            bool(np.isnan(points).any()) for points in chain(*seen.first, *seen.last)
        )
        rows.append(Row(name, method.name, _figures(kept, seen)))
        sheet_rows |= _sheet_rows(method.name, kept)
    write_sheet(sheet_rows, sheet, side=CELL)
    return Result(rows, facts, {})


def _figures(kept: KeptLoops, seen: KeptLandmarks) -> Figures:
    change, noise = change_between(*kept, level_distance), change_within(kept.first, level_distance)
    first, last = ([*chain(*loops)] for loops in kept)
    found = {
        "drift_levels": change,
        "drift_noise_levels": noise,
        "drift_excess_levels": change - noise,
        "drift_mp_px": change_between(*seen, akd),
        "drift_noise_mp_px": change_within(seen.first, akd),
        "sharpness_ratio": sharpness_ratio(first, last),
        "colour_change_levels": colour_change(first, last),
    }
    return {name: mean_known([value]) for name, value in found.items()}


def _landmarks_of(kept: KeptLoops, landmarker: Path | None) -> KeptLandmarks:
    """Each picture is searched by itself, so that equal pictures have equal landmarks."""
    nothing = np.full((len(IBUG_68), 2), np.nan, np.float32)
    with Landmarker(landmarker, still=True, faces=1) as still:

        def seen(pixels: Pixels) -> FloatArray:
            found = still.measure(pixels, 0.0)
            return nothing if found is None else landmarks(found)

        return KeptLandmarks(*([[seen(one) for one in loop] for loop in loops] for loops in kept))


def _sheet_rows(method: str, kept: KeptLoops) -> dict[str, list[Pixels]]:
    """The first loop that is kept, the last one, and what they differ by."""
    first, last = kept.first[0], kept.last[-1]
    apart = [
        cv2.convertScaleAbs(cv2.absdiff(a, b), alpha=AMPLIFIED)
        for a, b in zip(first, last, strict=True)
    ]
    return {
        f"{method}: first minute": first,
        f"{method}: last minute": last,
        f"{method}: difference x {AMPLIFIED}": [np.asarray(one, np.uint8) for one in apart],
    }
