"""A clip as what drives: the live tracker's coefficients of every frame with a face.

The person's identity is settled on the first second and then frozen, as it is after the first
second of a call.
"""

from typing import NamedTuple

from pechead_live.coefficients import Coefficients
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import NoFaceError
from pechead_live.facemodel.fit import FitConfig, FitState, fit, initial_fit_state
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.frame import Frame


class Driving(NamedTuple):
    """A clip as the methods see it."""

    frames: list[Frame]
    """From the source frame on, only those with a face."""

    places: list[int]
    """Place of each within the clip, from the source frame on; a gap is a frame without a face."""

    measurements: list[Measurement]
    """What the tracker saw in each."""

    coefficients: list[Coefficients]
    """What drives: each fitted with the settled identity."""

    person: FitState
    """The settled identity, for measuring the results too."""


def track_clip(frames: list[Frame], name: str) -> Driving:
    """Tracks a cropped clip. `NoFaceError`, naming it, if fewer than 3 frames show a face."""
    landmarker = Landmarker(faces=1)
    found = [landmarker.measure(frame.pixels, frame.captured_at) for frame in frames]
    landmarker.close()
    seen = [(i, m) for i, m in enumerate(found) if m is not None]
    if len(seen) < 3:
        raise NoFaceError(f"{name} shows a face in {len(seen)} frames: at least 3 are needed")
    model, fitting = load_face_model(), FitConfig()
    person = initial_fit_state(model)
    for _, measurement in seen[: fitting.calibration_frames]:
        _, person = fit(measurement, model, person, captured_at=0.0, config=fitting)
    person = person._replace(frames=fitting.calibration_frames)  # from here on it is frozen
    coefficients = [
        fit(m, model, person, captured_at=frames[i].captured_at, config=fitting)[0] for i, m in seen
    ]
    first = seen[0][0]
    return Driving(
        frames=[frames[i] for i, _ in seen],
        places=[i - first for i, _ in seen],
        measurements=[m for _, m in seen],
        coefficients=coefficients,
        person=person,
    )
