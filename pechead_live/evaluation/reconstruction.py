"""Same-identity reconstruction (PECHead, table 1): a clip's first frame, driven by the whole clip.

The driver's pixels are used for measuring only; what drives is 52 expressions and a pose a frame.
"""

from collections.abc import Sequence
from pathlib import Path

from pechead_live.coefficients import FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.evaluation.clip import Driving, open_clip
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.expression_error import action_unit_error
from pechead_live.evaluation.film import (
    closure_figures,
    identity_figures,
    landmark_figures,
    picture_figures,
    rotation_error,
    spread,
)
from pechead_live.evaluation.instruments import Instruments, open_instruments
from pechead_live.evaluation.method import Method, draw_film, renderer_of
from pechead_live.evaluation.motion_asked import asked_motion
from pechead_live.evaluation.result import REAL, Figures, Result, Row
from pechead_live.evaluation.sets import add_features, picture_features, window_features_of
from pechead_live.evaluation.sheet import columns_of, write_sheet
from pechead_live.evaluation.smoothness import FlowPair, flows_of, warp_figures
from pechead_live.evaluation.subject import Subject, subject_of_frame
from pechead_live.evaluation.surroundings import (
    Surroundings,
    flicker_figures,
    surroundings_figures,
    surroundings_of,
)
from pechead_live.evaluation.watched import Watched, watch
from pechead_live.footage.square import SIDE
from pechead_live.frame import Pixels

TABLE = (
    "l1",
    "ms_ssim",
    "psnr_db",
    "efid",
    "fid",
    "akd_mp_px",
    "ssim",
    "epd",
    "ard_deg",
    "auh",
    "csim_dlib",
    "csim_arcface",
    "distance_dlib",
    "efvd",
    "jitter_ratio",
    "warp_error",
    "lips_shut",
    "lips_open",
    "eyes_shut",
    "eyes_open",
    "l1_face",
    "l1_mouth",
    "l1_eyes",
    "l1_body",
    "background_flicker_levels",
)
"""The paper's columns in its order, then ours."""


def reconstruct(
    path: Path, methods: Sequence[Method], config: EvaluationConfig, sheet: Path
) -> Result:
    """All methods on one clip; writes the sheet. `NoFaceError` if it shows too little of a face."""
    driving = open_clip(path, config.frames, config.landmarker)
    with Landmarker(config.landmarker, still=True) as still:
        source = driving.frames[0].pixels
        subject = subject_of_frame(source, path.stem, still, driving.person)
    instruments = open_instruments(config)
    compared = list(range(1, len(driving.frames), config.stride))
    flows = flows_of(driving, compared)
    around = surroundings_of(driving, subject)
    asked = asked_motion(driving.coefficients, subject.avatar.rest, config.motion)
    truth = [frame.pixels for frame in driving.frames]
    features: dict[str, dict[str, FloatArray]] = {}
    _add_features(features, REAL, truth, driving, compared, instruments)
    shown = columns_of(len(truth))
    sheet_rows = {f"{path.stem}: source, then driving": [source, *(truth[i] for i in shown)]}
    rows: list[Row] = []
    without: dict[str, int] = {}
    for method in methods:
        film = draw_film(renderer_of(method, subject), asked, driving.frames)
        times = [frame.captured_at for frame in driving.frames]
        watched = watch(film, times, driving.person, landmarker=config.landmarker)
        figures = _figures(watched, driving, subject, config, instruments, flows, around)
        rows.append(Row(path.stem, method.name, figures))
        without[method.name] = sum(m is None for m in watched.measurements)
        _add_features(features, method.name, film, driving, compared, instruments)
        sheet_rows[method.name] = [source, *(film[i] for i in shown)]
    write_sheet(sheet_rows, sheet, side=SIDE)
    truth_seen = Watched(truth, list(driving.measurements), list(driving.coefficients))
    numbers = spread(1, len(truth), config.identity_frames)
    facts = {
        "clip": path.name,
        "crop_px": driving.side,
        "frames": driving.length,
        "driven_frames": len(truth) - 1,
        "frames_without_face": driving.length - len(truth),
        "compared_pictures": len(compared),
        "results_without_face": without,
        "of_the_truth": {
            **identity_figures(truth_seen, subject, instruments, numbers),
            **warp_figures(truth, flows),
            **flicker_figures(truth, driving, around),
        },
        "still_background_share": round(float(around.still.mean()), 4),
        "notes": list(instruments.notes),
    }
    return Result(rows, facts, features)


def _add_features(
    features: dict[str, dict[str, FloatArray]],
    method: str,
    film: Sequence[Pixels],
    driving: Driving,
    compared: Sequence[int],
    instruments: Instruments,
) -> None:
    pictures = picture_features([film[i] for i in compared], instruments)
    add_features(features, method, pictures | window_features_of(film, driving, instruments))


def _figures(
    watched: Watched,
    driving: Driving,
    subject: Subject,
    config: EvaluationConfig,
    instruments: Instruments,
    flows: Sequence[FlowPair],
    around: Surroundings,
) -> Figures:
    film: list[Pixels] = watched.film
    compared = range(1, len(film), config.stride)
    numbers = spread(1, len(film), config.identity_frames)
    return {
        **picture_figures(film, driving, compared, instruments.difference),
        **landmark_figures(watched, driving, first=1),
        "ard_deg": rotation_error(driving.coefficients[1:], watched.coefficients[1:]),
        **closure_figures(driving.measurements, watched.measurements),
        "auh": action_unit_error(driving.coefficients, watched.coefficients),
        **identity_figures(watched, subject, instruments, numbers),
        **warp_figures(film, flows),
        **surroundings_figures(film, driving, compared, around),
    }
