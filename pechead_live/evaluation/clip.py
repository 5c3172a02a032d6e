"""A clip as test material: cut as the field cuts its test clips, and tracked.

FOMM's protocol (video-preprocessing, crop_vox.py): one square for the whole clip, which stays where
it is, so that the head moves within a still picture, 256 x 256. The person's identity is settled on
the first second and then frozen, as it is after the first second of a call.
"""

from pathlib import Path
from typing import NamedTuple

from pechead_live.coefficients import Coefficients
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import NoFaceError
from pechead_live.facemodel.fit import DEFAULT_FIT, FitState, fit
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.footage.cut import cut
from pechead_live.footage.file_frames import file_frames
from pechead_live.footage.looks import look
from pechead_live.footage.person import settled_person
from pechead_live.footage.square import Square, square_around
from pechead_live.frame import Frame

FEWEST_FRAMES = 3
"""With a face, that a clip must have: one is the source, and a tremor needs three."""


class Driving(NamedTuple):
    """A clip as the methods see it; the frames without a face are left out."""

    name: str
    """Its file name."""

    side: int
    """Of the square in the file, pixels; below 256 the file holds less detail than is compared."""

    length: int
    """Frames that were read."""

    frames: list[Frame]
    """256 x 256 each, with their presentation times; the first one is the first with a face."""

    places: list[int]
    """Place of each within the clip, from the first one on; a gap is a frame without a face."""

    measurements: list[Measurement]
    """What the tracker saw in each."""

    coefficients: list[Coefficients]
    """What drives: each fitted with the settled identity, unfiltered."""

    person: FitState
    """The settled identity, for measuring the results too."""


def open_clip(path: Path, limit: int | None = None, landmarker: Path | None = None) -> Driving:
    """Cuts and tracks the first ``limit`` frames of a clip (None: all).

    ``landmarker``: MediaPipe's ``.task`` file, None looks it up. Raises `NoFaceError`, naming the
    clip, when fewer than `FEWEST_FRAMES` frames show a face.
    """
    square = _square(path, limit, landmarker)
    frames = [
        Frame(pixels=cut(frame.pixels, square), captured_at=frame.captured_at)
        for frame in file_frames(path, limit)
    ]
    with Landmarker(landmarker, faces=1) as tracker:
        found = [tracker.measure(frame.pixels, frame.captured_at) for frame in frames]
    seen = [(i, m) for i, m in enumerate(found) if m is not None]
    if len(seen) < FEWEST_FRAMES:
        raise NoFaceError(
            f"{path.name} shows a face in {len(seen)} frames: at least {FEWEST_FRAMES} are needed"
        )
    measurements = [m for _, m in seen]
    person = settled_person(measurements[: DEFAULT_FIT.calibration_frames])
    model, first = load_face_model(), seen[0][0]
    return Driving(
        name=path.name,
        side=square.side,
        length=len(frames),
        frames=[frames[i] for i, _ in seen],
        places=[i - first for i, _ in seen],
        measurements=measurements,
        coefficients=[fit(m, model, person, captured_at=frames[i].captured_at)[0] for i, m in seen],
        person=person,
    )


def _square(path: Path, limit: int | None, landmarker: Path | None) -> Square:
    """Around the head wherever it goes in the clip."""
    looks = look(file_frames(path, limit), landmarker)
    boxes = [box for box in looks.boxes.values() if box is not None]
    if not boxes:
        raise NoFaceError(f"no face in any frame of {path.name}: give a clip of a face")
    return square_around(boxes, looks.width, looks.height)
