"""Same-identity reconstruction of one clip: its first frame, driven by the rest's coefficients.

The driver's pixels are used for measuring only; what drives is 52 expressions and a pose a frame.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.contact_sheet import write_sheet
from benchmarks.driving_clip import Driving, track_clip
from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.prepare import prepare_avatar
from pechead_live.coefficients import FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.evaluation.identity import FaceEmbedder, csim_dlib, distance_dlib
from pechead_live.evaluation.motion import akd, ard, jitter_ratio
from pechead_live.evaluation.pixels import l1, ms_ssim, psnr, ssim
from pechead_live.evaluation.regions import REGIONS, region_mask, to_pixels
from pechead_live.facemodel.fit import fit
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.facemodel.topology import IBUG_68
from pechead_live.frame import Pixels
from pechead_live.motion import MotionConfig, initial_motion_state, retarget
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.training.chunk import SIDE
from pechead_live.training.crop import crop_clip

COPY = "copy-source"
ANALYTIC = ("analytic, relative", "analytic, absolute")
METHODS = (COPY, *ANALYTIC)

SHEET_COLUMNS = 6
"""Frames of a clip on its contact sheet, the source not counted."""


@dataclass(frozen=True, kw_only=True)
class ReconstructionConfig:
    """How much of each clip is looked at."""

    frames: int | None = None
    """Only so many frames from the start of each clip; None takes all."""

    stride: int = 4
    """Pictures are compared in every such frame; landmarks are in all, jitter needs neighbours."""

    identity_frames: int = 12
    """CSIM-dlib is taken at so many frames, evenly spread (80 ms each); 0 leaves it out."""

    def __post_init__(self) -> None:
        if self.frames is not None and self.frames < 3:
            raise ValueError(f"frames is {self.frames}: at least 3, one drives nothing")
        if self.stride < 1 or self.identity_frames < 0:
            raise ValueError(f"{self}: stride must be >= 1 and identity_frames >= 0")


Draw = Callable[[int], Pixels]
"""Number of a driving frame to the method's picture; called once each, in order."""


def reconstruct(path: Path, config: ReconstructionConfig, sheet: Path) -> dict[str, Any]:
    """All methods on one clip: plain numbers, JSON-ready; writes the contact sheet.

    Raises `NoFaceError` if the clip has too few frames with a face.
    """
    cv2.setNumThreads(1)  # clips run side by side, and threads may add up in another order
    with threadpool_limits(1, user_api="blas"):
        return _reconstruct(path, config, sheet)


def _reconstruct(path: Path, config: ReconstructionConfig, sheet: Path) -> dict[str, Any]:
    clip = crop_clip(path, config.frames)
    driving = track_clip(clip.frames, path.name)
    still = Landmarker(still=True)
    avatar = prepare_avatar(
        driving.frames[0].pixels,
        consent="a clip that may be used for tests",
        name=path.stem,
        landmarker=still,
        crop="none",
    )
    still.close()
    embedder = FaceEmbedder() if config.identity_frames else None
    methods: dict[str, dict[str, Any]] = {}
    source = driving.frames[0].pixels
    columns = np.linspace(1, len(driving.frames) - 1, SHEET_COLUMNS).round().astype(int).tolist()
    rows = {f"{path.stem}: source, then driving": [source, *_pixels_at(driving, columns)]}
    for method in METHODS:
        draw = _copying(source) if method == COPY else _drawing(avatar, driving, method)
        methods[method], shown = _measured(draw, method, driving, config, embedder, columns)
        if method != COPY:
            rows[method] = [source, *shown]
    write_sheet(rows, sheet)
    return {
        "clip": path.name,
        "crop_px": clip.side,
        "frames": len(clip.frames),
        "driven_frames": len(driving.frames) - 1,
        "frames_without_face": len(clip.frames) - len(driving.frames),
        "compared_pictures": len(_compared(driving, config)),
        "methods": methods,
        "csim_dlib_of_driving": _driving_csim(driving, config, embedder),
        "settings": asdict(config),
    }


def _copying(source: Pixels) -> Draw:
    def draw(number: int) -> Pixels:
        del number
        return source

    return draw


def _drawing(avatar: Avatar, driving: Driving, method: str) -> Draw:
    renderer = AnalyticRenderer(avatar, SIDE, SIDE)
    config = MotionConfig(mode="relative" if method.endswith("relative") else "absolute")
    motion, memory = initial_motion_state(), renderer.initial_state()
    # the source frame is the driver's first frame: the anchor of relative motion
    _, motion = retarget(driving.coefficients[0], avatar.rest, motion, config)

    def draw(number: int) -> Pixels:
        nonlocal motion, memory
        moved, motion = retarget(driving.coefficients[number], avatar.rest, motion, config)
        picture, memory = renderer.render(moved, memory)
        return picture.pixels

    return draw


def _measured(
    draw: Draw,
    method: str,
    driving: Driving,
    config: ReconstructionConfig,
    embedder: FaceEmbedder | None,
    columns: list[int],
) -> tuple[dict[str, Any], list[Pixels]]:
    """Every metric of one method, means over its frames, and its pictures for the sheet."""
    model = load_face_model()
    landmarker = Landmarker(faces=1)
    compared, identified = _compared(driving, config), _identified(driving, config)
    sums: dict[str, list[float]] = {}
    trails = np.full((2, driving.places[-1] + 1, len(IBUG_68), 2), np.nan, np.float32)
    shown: dict[int, Pixels] = {}
    lost = 0
    source_face = _embedding(embedder, driving.frames[0].pixels, driving.measurements[0])
    for number in range(1, len(driving.frames)):
        picture, truth = draw(number), driving.frames[number]
        found = (
            driving.measurements[0]
            if method == COPY
            else landmarker.measure(picture, truth.captured_at)
        )
        values: dict[str, float] = {}
        if number in compared:
            values |= _pictures(picture, truth.pixels, driving.measurements[number].points)
        if found is None:
            lost += 1
        else:
            place = driving.places[number]
            trails[0, place] = _landmarks(driving.measurements[number])
            trails[1, place] = _landmarks(found)
            pose, _ = fit(found, model, driving.person, captured_at=truth.captured_at)
            values["akd_mp_px"] = akd(trails[0, place], trails[1, place])
            values["ard_deg"] = ard(driving.coefficients[number].rotation, pose.rotation)
            if number in identified and source_face is not None:
                face = _embedding(embedder, picture, found)
                assert face is not None
                values["csim_dlib"] = csim_dlib(source_face, face)
                values["distance_dlib"] = distance_dlib(source_face, face)
        for name, value in values.items():
            sums.setdefault(name, []).append(value)
        if number in columns:
            shown[number] = picture
    landmarker.close()
    means: dict[str, Any] = {name: _mean(found) for name, found in sums.items()}
    ratio = jitter_ratio(trails[0], trails[1])
    means["jitter_ratio"] = None if np.isnan(ratio) else ratio
    means["results_without_face"] = lost
    return means, [shown[number] for number in columns]


def _pictures(picture: Pixels, truth: Pixels, points: FloatArray) -> dict[str, float]:
    values = {
        "l1": l1(picture, truth),
        "psnr_db": psnr(picture, truth),
        "ssim": ssim(picture, truth),
        "ms_ssim": ms_ssim(picture, truth),
    }
    for region in REGIONS:
        values[f"l1_{region}"] = l1(picture, truth, region_mask(points, region, SIDE, SIDE))
    return values


def _landmarks(measurement: Measurement) -> FloatArray:
    """(68, 2) pixels of the 256 picture."""
    return to_pixels(measurement.points[list(IBUG_68)], SIDE, SIDE)


def _compared(driving: Driving, config: ReconstructionConfig) -> set[int]:
    return set(range(1, len(driving.frames), config.stride))


def _identified(driving: Driving, config: ReconstructionConfig) -> set[int]:
    last = len(driving.frames) - 1
    return set(np.linspace(1, last, config.identity_frames).round().astype(int).tolist())


def _embedding(
    embedder: FaceEmbedder | None, pixels: Pixels, measurement: Measurement
) -> FloatArray | None:
    return None if embedder is None else embedder.embed(pixels, measurement.points)


def _driving_csim(
    driving: Driving, config: ReconstructionConfig, embedder: FaceEmbedder | None
) -> float | None:
    """CSIM-dlib of the real frames with the source: as high as the truth itself gets."""
    if embedder is None:
        return None
    source, *others = (
        embedder.embed(driving.frames[i].pixels, driving.measurements[i].points)
        for i in (0, *sorted(_identified(driving, config)))
    )
    return float(np.mean([csim_dlib(source, face) for face in others]))


def _pixels_at(driving: Driving, columns: list[int]) -> list[Pixels]:
    return [driving.frames[number].pixels for number in columns]


def _mean(values: list[float]) -> float | None:
    """Over the finite ones: PSNR is infinite where a clip repeats its first frame."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else None
