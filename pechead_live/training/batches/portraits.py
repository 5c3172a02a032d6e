"""A frame of a chunk as an avatar: what `prepare_avatar` does, with the matte that was kept.

It is fitted with the identity of the whole chunk, as what drives it is: the portrait's own frame
then moves nothing.
"""

import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.fitting import points_delta
from pechead_live.avatar.matte import background_behind, person_colours
from pechead_live.avatar.plate import cut_plate, whole_crop
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import FaceModel, load_face_model
from pechead_live.frame import Pixels
from pechead_live.training.data.chunk import Chunk


def portrait_avatar(chunk: Chunk, number: int, *, mirrored: bool = False) -> Avatar:
    """The ``number``-th portrait of ``chunk`` as an avatar; ``mirrored`` swaps left and right."""
    place = chunk.portraits[number]
    return frame_avatar(chunk, place, matte=chunk.mattes[number], mirrored=mirrored)


def frame_avatar(
    chunk: Chunk, place: int, *, matte: np.ndarray | None = None, mirrored: bool = False
) -> Avatar:
    """Frame ``place`` as an avatar. Without a ``matte`` (P, W) all of the frame is the person."""
    model = load_face_model()
    frame: Pixels = np.ascontiguousarray(chunk.frames[place])
    measured, rest = chunk.measurement(place), chunk.coefficients[place]
    if mirrored:
        frame = np.ascontiguousarray(frame[:, ::-1])
        measured, rest = mirrored_measurement(measured, model), model.mirror(rest)
        matte = None if matte is None else np.ascontiguousarray(matte[:, ::-1])
    plate, inside = cut_plate(frame, whole_crop(frame))
    if matte is None:
        matte, background, person = np.full(inside.shape, 255, np.uint8), plate, plate
    else:
        background = background_behind(plate, inside, matte)
        person = person_colours(plate, matte, background)
    return Avatar(
        name=f"{chunk.name}/{place}",
        consent=f"training footage, licence: {chunk.licence or 'unknown'}",
        created="",
        person=person,
        matte=matte,
        background=background,
        measured=measured,
        rest=rest,
        delta=points_delta(measured, rest, model),
        digest="",
    )


def mirrored_measurement(measured: Measurement, model: FaceModel) -> Measurement:
    """The measurement of the mirrored picture."""
    points = measured.points[model.mirror_points] * np.array([-1, 1, 1], np.float32)
    return measured._replace(points=points, scores=measured.scores[model.mirror_expression])
