"""Cross-identity reenactment (PECHead, table 2): portraits moved by the clips of other people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import InputError, NoFaceError
from pechead_live.evaluation.clip import Driving, open_clip
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.expression_error import action_unit_error
from pechead_live.evaluation.film import closure_figures, identity_figures, rotation_error, spread
from pechead_live.evaluation.instruments import Instruments, open_instruments
from pechead_live.evaluation.method import Method, draw_film, renderer_of
from pechead_live.evaluation.metrics.motion import jitter_ratio
from pechead_live.evaluation.motion_asked import asked_motion, reframed
from pechead_live.evaluation.result import REAL, Figures, Result, Row
from pechead_live.evaluation.sets import add_features, window_features_of
from pechead_live.evaluation.sheet import columns_of, write_sheet
from pechead_live.evaluation.subject import Subject, subject_of_photo
from pechead_live.evaluation.watched import Watched, trail, watch

TABLE = (
    "csim_dlib",
    "csim_arcface",
    "ard_deg",
    "auh",
    "efvd",
    "distance_dlib",
    "lips_shut",
    "lips_open",
    "eyes_shut",
    "eyes_open",
    "jitter_ratio",
)
"""The paper's columns in its order, then ours."""

CELL = 160
"""Of the sheet, pixels: a clip's sheet holds every portrait times every method."""


def pairs(
    clips: Sequence[Path], portraits: Sequence[Path], per_clip: int, seed: int
) -> dict[Path, list[Path]]:
    """Clip to the portraits that it moves: ``per_clip`` of them (0: all), drawn by ``seed`` so that
    every portrait is used about equally often."""
    if not portraits:
        raise InputError("there is no portrait to move: give a folder of photos of faces")
    count = len(portraits) if per_clip == 0 else min(per_clip, len(portraits))
    order = np.random.default_rng(seed).permutation(len(portraits)).tolist()
    chosen = {
        clip: [portraits[order[(i * count + k) % len(order)]] for k in range(count)]
        for i, clip in enumerate(clips)
    }
    return {clip: sorted(several) for clip, several in chosen.items()}


def reenact(
    path: Path,
    portraits: Sequence[Path],
    methods: Sequence[Method],
    config: EvaluationConfig,
    sheet: Path,
) -> Result:
    """One clip moves ``portraits``; writes the sheet. `NoFaceError` if it shows too little of a
    face, or no portrait shows one; a single portrait without one is left out."""
    driving = open_clip(path, config.frames, config.landmarker)
    instruments = open_instruments(config)
    truth = [frame.pixels for frame in driving.frames]
    features: dict[str, dict[str, FloatArray]] = {}
    shown = columns_of(len(truth))
    sheet_rows = {f"{path.stem}: driving": [truth[0], *(truth[i] for i in shown)]}
    rows: list[Row] = []
    facts: dict[str, Any] = {
        "clip": path.name,
        "crop_px": driving.side,
        "driven_frames": len(truth),
        "frames_without_face": driving.length - len(truth),
        "results_without_face": {},
        "portraits_left_out": {},
        "notes": list(instruments.notes),
    }
    real = window_features_of(truth, driving, instruments)
    for portrait in portraits:
        try:
            with Landmarker(config.landmarker, still=True) as still:
                subject = subject_of_photo(portrait, still)
        except NoFaceError as error:
            facts["portraits_left_out"][portrait.name] = str(error)
            continue
        add_features(features, REAL, real)
        name = f"{path.stem} → {portrait.stem}"
        rest = subject.avatar.rest
        driver = driving.coefficients
        framed = reframed(driver, rest) if config.motion == "absolute" else driver
        asked = asked_motion(framed, rest, config.motion)
        for method in methods:
            film = draw_film(renderer_of(method, subject), asked, driving.frames)
            times = [frame.captured_at for frame in driving.frames]
            watched = watch(film, times, subject.person, landmarker=config.landmarker)
            figures = _figures(watched, driving, subject, config, instruments)
            rows.append(Row(name, method.name, figures))
            lost: Mapping[str, int] = facts["results_without_face"]
            facts["results_without_face"][method.name] = lost.get(method.name, 0) + sum(
                m is None for m in watched.measurements
            )
            found = window_features_of(film, driving, instruments)
            add_features(features, method.name, found)
            title = f"{portrait.stem}: {method.name}"
            sheet_rows[title] = [subject.pixels, *(film[i] for i in shown)]
    if not rows:
        reasons = "; ".join(facts["portraits_left_out"].values())
        raise NoFaceError(f"no portrait for {path.name} can be used: {reasons}")
    write_sheet(sheet_rows, sheet, side=CELL)
    return Result(rows, facts, features)


def _figures(
    watched: Watched,
    driving: Driving,
    subject: Subject,
    config: EvaluationConfig,
    instruments: Instruments,
) -> Figures:
    numbers = spread(0, len(watched.film), config.identity_frames)
    driver = driving.coefficients
    ratio = jitter_ratio(
        trail(driving.measurements, driving.places), trail(watched.measurements, driving.places)
    )
    return {
        **identity_figures(watched, subject, instruments, numbers),
        "ard_deg": rotation_error(driver, watched.coefficients),
        **closure_figures(driving.measurements, watched.measurements),
        "auh": action_unit_error(driver, watched.coefficients),
        "jitter_ratio": ratio if np.isfinite(ratio) else None,
    }
