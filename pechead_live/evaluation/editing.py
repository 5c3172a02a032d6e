"""Pose and expression editing with frontalisation (PECHead, table 3).

Each portrait is turned to the camera, turned to given angles, and shown with the expressions of a
driving clip in its own pose. Every picture is drawn by itself, from the empty memory.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray, euler_from_rotation
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import InputError, NoFaceError
from pechead_live.evaluation.clip import Driving, open_clip
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.expression_error import action_unit_error, thresholds_of
from pechead_live.evaluation.film import identity_figures, mean_known, rotation_error, spread
from pechead_live.evaluation.instruments import Instruments, open_instruments
from pechead_live.evaluation.method import Method, PictureDriven, draw_stills, renderer_of
from pechead_live.evaluation.result import REAL, Figures, Result, Row
from pechead_live.evaluation.sets import add_features, picture_features
from pechead_live.evaluation.sheet import COLUMNS, write_sheet
from pechead_live.evaluation.subject import Subject, subject_of_frame, subject_of_photo
from pechead_live.evaluation.watched import Watched, watch
from pechead_live.frame import Pixels
from pechead_live.motion import Overrides, apply_overrides

TABLE = (
    "are_front_deg",
    "efid",
    "fid",
    "auh",
    "are_pose_deg",
    "csim_dlib",
    "csim_arcface",
    "distance_dlib",
)
"""The paper's columns in its order, then ours."""

TURNS = ((-20.0, 0.0), (-10.0, 0.0), (10.0, 0.0), (20.0, 0.0), (0.0, -12.0), (0.0, 12.0))
"""(yaw, pitch) in degrees that are asked for besides (0, 0)."""

LARGEST_ANGLE = 30.0
"""Degrees of yaw or pitch that a clip's frame may have to be frontalised: beyond it one side of
the face is hidden."""

CELL = 160
"""Of the sheet, pixels."""


class Edits(NamedTuple):
    """What is asked of one portrait, in the order in which it is drawn."""

    front: list[Coefficients]
    turns: list[Coefficients]
    expressions: list[Coefficients]


def edit_portrait(
    path: Path, clip: Path, methods: Sequence[Method], config: EvaluationConfig, sheet: Path
) -> Result:
    """A photo, with the expressions of ``clip``; writes the sheet. `NoFaceError` without a face."""
    with Landmarker(config.landmarker, still=True) as still:
        subject = subject_of_photo(path, still)
    return _edited(
        subject, open_clip(clip, config.frames, config.landmarker), methods, config, sheet
    )


def edit_turned_frame(
    path: Path, clip: Path, methods: Sequence[Method], config: EvaluationConfig, sheet: Path
) -> Result:
    """The frame of the clip ``path`` that is turned most, within `LARGEST_ANGLE`, with the
    expressions of ``clip``: photos look into the camera, so frontalising them is easy."""
    own = open_clip(path, config.frames, config.landmarker)
    angles = [
        max(abs(angle) for angle in euler_from_rotation(c.rotation)[:2]) for c in own.coefficients
    ]
    usable = [i for i, angle in enumerate(angles) if angle <= LARGEST_ANGLE]
    if not usable:
        raise NoFaceError(f"no frame of {path.name} is turned by at most {LARGEST_ANGLE:g} degrees")
    most = max(usable, key=lambda i: angles[i])
    with Landmarker(config.landmarker, still=True) as still:
        pixels = own.frames[most].pixels
        subject = subject_of_frame(pixels, path.stem, still, own.person)
    driving = own if clip == path else open_clip(clip, config.frames, config.landmarker)
    return _edited(subject, driving, methods, config, sheet)


def edits_of(rest: Coefficients, faces: Sequence[Coefficients]) -> Edits:
    """Everything but what is edited stays as the portrait has it."""
    return Edits(
        front=[replace(rest, rotation=np.eye(3, dtype=np.float32))],
        turns=[
            apply_overrides(rest, Overrides(yaw=yaw, pitch=pitch, roll=0.0)) for yaw, pitch in TURNS
        ],
        expressions=[replace(rest, expression=face.expression) for face in faces],
    )


def _edited(
    subject: Subject,
    driving: Driving,
    methods: Sequence[Method],
    config: EvaluationConfig,
    sheet: Path,
) -> Result:
    instruments = open_instruments(config)
    numbers = spread(0, len(driving.frames), config.expressions_per_portrait)
    faces = [driving.coefficients[i] for i in numbers]
    edits = edits_of(subject.avatar.rest, faces)
    asked = [*edits.front, *edits.turns, *edits.expressions]
    features: dict[str, dict[str, FloatArray]] = {}
    add_features(features, REAL, picture_features([subject.pixels], instruments))
    shown = spread(0, len(numbers), COLUMNS)
    blank = [np.full_like(subject.pixels, 255)] * (1 + len(edits.front) + len(edits.turns))
    driver = [driving.frames[numbers[i]].pixels for i in shown]
    titles = f"{subject.name}: source, front, turns, expressions of {driving.name}"
    sheet_rows: dict[str, list[Pixels]] = {titles: [*blank, *driver]}
    rows: list[Row] = []
    facts: dict[str, Any] = {
        "portrait": subject.name,
        "driving": driving.name,
        "angles_deg": [round(a, 2) for a in euler_from_rotation(subject.avatar.rest.rotation)],
        "left_out": [],
        "results_without_face": {},
        "notes": list(instruments.notes),
    }
    for method in methods:
        renderer = renderer_of(method, subject)
        if isinstance(renderer, PictureDriven):
            facts["left_out"].append(method.name)
            continue
        film = draw_stills(renderer, asked)
        watched = watch(
            film,
            [0.0] * len(film),
            subject.person,
            still=True,
            landmarker=config.landmarker,
        )
        thresholds = thresholds_of(driving.coefficients)
        rows.append(
            Row(
                subject.name,
                method.name,
                _figures(watched, edits, thresholds, subject, config, instruments),
            )
        )
        facts["results_without_face"][method.name] = sum(m is None for m in watched.measurements)
        turned = film[: len(edits.front) + len(edits.turns)]
        add_features(features, method.name, picture_features(turned[:1], instruments))
        expressed = film[len(turned) :]
        sheet_rows[method.name] = [subject.pixels, *turned, *(expressed[i] for i in shown)]
    if not rows:
        raise InputError(
            f"{', '.join(facts['left_out'])} can only be driven by pictures, which edits nothing: "
            "add a method that pose and expression drive, such as analytic"
        )
    write_sheet(sheet_rows, sheet, side=CELL)
    return Result(rows, facts, features)


def _figures(
    watched: Watched,
    edits: Edits,
    thresholds: FloatArray,
    subject: Subject,
    config: EvaluationConfig,
    instruments: Instruments,
) -> Figures:
    seen = watched.coefficients
    first, then = len(edits.front), len(edits.front) + len(edits.turns)
    numbers = spread(0, len(seen), config.identity_frames)
    return {
        "are_front_deg": rotation_error(edits.front, seen[:first]),
        "are_pose_deg": rotation_error(edits.turns, seen[first:then]),
        "auh": mean_known([action_unit_error(edits.expressions, seen[then:], thresholds)]),
        **identity_figures(watched, subject, instruments, numbers),
    }
