"""One photo to a chunk: the photo is the truth, drawings of it in other poses are its portraits.

Footage of many people is scarce; photos are not. The analytic renderer turns the photo's head and
changes its expression; from each such drawing a network learns to come back to what the photo
shows: hair, background and teeth that are real and sharp. The drawings are never the truth, so the
renderer's own faults are seen in the source only.
"""

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.photo import read_photo
from pechead_live.avatar.prepare import prepare_avatar
from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.detector.landmarker import Landmarker
from pechead_live.facemodel.fit import fit
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.footage.person import settled_person
from pechead_live.footage.square import SIDE
from pechead_live.frame import Pixels
from pechead_live.recording.files import read_recording
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample
from pechead_live.training.data.chunk import Chunk
from pechead_live.training.data.layouts import Video
from pechead_live.training.data.layouts.photos import SUFFIXES
from pechead_live.training.data.portrait_choice import portrait_matte
from pechead_live.training.data.track import LEAST_CONFIDENCE

DRAWINGS = 8
"""Of one photo at most."""

TURN = (18.0, 10.0, 8.0)
"""Largest change of yaw, pitch and roll, degrees: beyond it the renderer's head tears."""

SHIFT, GROWTH = 0.06, 0.06
"""Largest change of the head's place, picture units, and of the logarithm of its size."""

MOTIONS = ("talking.npz", "expressions.npz")
"""Recorded expressions that the drawings have."""

FPS = 25.0
"""Of frames that follow no time."""


def is_photo(video: Video) -> bool:
    """Whether what a layout lists is a single picture."""
    return video.path.suffix.lower() in SUFFIXES


def photo_chunks(video: Video, name: str, source: str) -> Iterator[Chunk]:
    """The one chunk of a photo, none if no drawing of it shows a face that fits.

    Raises `InputError`, or `NoFaceError` if the photo shows no face.
    """
    with Landmarker(still=True) as landmarker:
        avatar = prepare_avatar(
            read_photo(video.path),
            consent=f"training photo, licence: {video.licence or 'unknown'}",
            name=name,
            landmarker=landmarker,
        )
        renderer = AnalyticRenderer(avatar, SIDE, SIDE)
        pictures = [renderer.portrait(), *_drawings(renderer, avatar, zlib.crc32(name.encode()))]
        seen = [(pixels, landmarker.measure(pixels)) for pixels in pictures]
    if seen[0][1] is None:
        return
    pixels = [picture for picture, measured in seen if measured is not None]
    measured = [measured for _, measured in seen if measured is not None]
    chunk = _chunk(pixels, measured, video, name, source)
    if chunk is not None:
        yield chunk


def _drawings(renderer: AnalyticRenderer, avatar: Avatar, seed: int) -> Iterator[Pixels]:
    random = np.random.default_rng(seed)
    motions = [read_recording(sample(name)).coefficients for name in MOTIONS]
    for _ in range(DRAWINGS):
        frames = motions[int(random.integers(len(motions)))]
        expression = frames[int(random.integers(len(frames)))].expression
        if random.random() < 0.5:
            expression = expression[load_face_model().mirror_expression]
        picture, _ = renderer.render(
            _moved(avatar.rest, expression, random), renderer.initial_state()
        )
        yield picture.pixels


def _moved(rest: Coefficients, expression: np.ndarray, random: np.random.Generator) -> Coefficients:
    angles = (float(v) for v in random.uniform(-1, 1, 3) * TURN)
    return replace(
        rest,
        expression=np.asarray(expression, np.float32),
        rotation=(rotation_from_euler(*angles) @ rest.rotation).astype(np.float32),
        translation=(rest.translation + random.uniform(-SHIFT, SHIFT, 2)).astype(np.float32),
        scale=rest.scale * float(np.exp(random.uniform(-GROWTH, GROWTH))),
    )


def _chunk(
    pixels: list[Pixels], measured: list[Measurement], video: Video, name: str, source: str
) -> Chunk | None:
    model = load_face_model()
    person = settled_person(measured)
    fitted = [fit(m, model, person, captured_at=i / FPS)[0] for i, m in enumerate(measured)]
    good = [i for i, c in enumerate(fitted) if c.confidence >= LEAST_CONFIDENCE and c.is_finite()]
    if len(good) < 2 or good[0] != 0:
        return None
    kept = [replace(fitted[i], captured_at=place / FPS) for place, i in enumerate(good)]
    portraits = tuple(range(1, len(good)))
    mattes = [portrait_matte(pixels[i], measured[i], fitted[i]) for i in good[1:]]
    return Chunk(
        name=name,
        identity=video.identity,
        licence=video.licence,
        source=source,
        fps=FPS,
        frames=np.stack([pixels[i] for i in good]),
        coefficients=tuple(kept),
        points=np.stack([measured[i].points for i in good]),
        scores=np.stack([measured[i].scores for i in good]),
        portraits=portraits,
        mattes=np.stack(mattes),
        truths=(0,),
    )
