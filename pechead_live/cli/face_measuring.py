"""Measuring the faces of clips and photos, to learn a face model from them."""

from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.avatar.photo import read_photo
from pechead_live.camera.file import open_video_file
from pechead_live.cli.face_files import FaceFile
from pechead_live.detector.landmarker import Landmarker
from pechead_live.detector.library import load_mediapipe
from pechead_live.errors import InputError
from pechead_live.facemodel.learn import Sequence3D
from pechead_live.facemodel.measurement import Measurement

SHORTEST_CLIP = 10
"""Measured frames that a clip must have."""

Measure = Callable[[FaceFile], list[Measurement]]
"""Every face seen in a file, one a frame; `InputError` when it cannot be read."""


class Measured(NamedTuple):
    """One file and the faces in it."""

    file: FaceFile
    faces: list[Measurement]

    @property
    def sequence(self) -> Sequence3D:
        """The same for `learn`."""
        points = np.stack([face.points for face in self.faces])
        scores = np.stack([face.scores for face in self.faces])
        return Sequence3D(self.file.person, points, scores)


class Skipped(NamedTuple):
    """One file that is not used."""

    path: Path
    reason: str


def measure_files(
    files: Iterable[FaceFile], measure: Measure
) -> tuple[list[Measured], list[Skipped]]:
    """The files whose faces can be used, and the others with the reason why not."""
    measured: list[Measured] = []
    skipped: list[Skipped] = []
    for file in files:
        try:
            faces = measure(file)
        except InputError as error:
            skipped.append(Skipped(file.path, str(error)))
            continue
        if not faces:
            skipped.append(Skipped(file.path, "shows no face"))
        elif file.is_clip and len(faces) < SHORTEST_CLIP:
            reason = f"shows a face in {len(faces)} measured frames, fewer than {SHORTEST_CLIP}"
            skipped.append(Skipped(file.path, reason))
        else:
            measured.append(Measured(file, faces))
    return measured, skipped


class FaceMeter:
    """MediaPipe on whole files: a clip is followed from frame to frame, a photo searched once."""

    def __init__(self, landmarker: Path | None, *, stride: int) -> None:
        """``landmarker``: the ``.task`` file, None looks it up; of a clip every ``stride``-th
        frame is measured."""
        self._model = landmarker
        self._stride = stride
        self._still = Landmarker(landmarker, still=True)

    def measure(self, file: FaceFile) -> list[Measurement]:
        """A `Measure`."""
        if file.is_clip:
            return self._measure_clip(file.path)
        face = self._still.measure(read_photo(file.path))
        return [] if face is None else [face]

    def close(self) -> None:
        """Frees the native objects."""
        self._still.close()

    def _measure_clip(self, path: Path) -> list[Measurement]:
        camera = open_video_file(path)
        landmarker = Landmarker(self._model)  # a new one: nothing may carry over between clips
        faces: list[Measurement] = []
        try:
            for i in count():
                frame = camera.read()
                if frame is None:
                    return faces
                if i % self._stride == 0:
                    face = landmarker.measure(frame.pixels, frame.captured_at)
                    if face is not None:
                        faces.append(face)
        finally:
            landmarker.close()
            camera.close()
        raise AssertionError("a camera ends with None")


def mesh_triangles() -> npt.NDArray[np.intp]:
    """(F, 3) triangles of MediaPipe's face mesh, which lists them as three edges each."""
    edges: list[Any] = (
        load_mediapipe().tasks.vision.FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION
    )
    corners = [edge.start for edge in edges]
    return np.array(corners, np.intp).reshape(-1, 3)
