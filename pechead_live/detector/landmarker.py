"""MediaPipe's Face Landmarker: 478 points and 52 expression scores of the largest face."""

import zipfile
from pathlib import Path
from typing import Any, Self

import numpy as np

from pechead_live.assets import ASSETS, find_asset
from pechead_live.coefficients import EXPRESSION_SIZE
from pechead_live.detector.library import LIBRARIES_ADVICE, load_mediapipe
from pechead_live.detector.quiet import quiet_start
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.expressions import EXPRESSION_INDEX
from pechead_live.facemodel.measurement import Measurement, face_size
from pechead_live.frame import Pixels


class Landmarker:
    """MediaPipe's Face Landmarker: finds and follows the largest face of a picture or stream."""

    def __init__(self, model: Path | None = None, *, still: bool = False, faces: int = 2) -> None:
        """``model``: the ``.task`` file; None looks it up (`find_asset`). ``still``: each picture
        is searched anew, else the face is followed from frame to frame."""
        self._mediapipe = load_mediapipe()
        vision = self._mediapipe.tasks.vision
        path = find_asset("face_landmarker", model)
        self._still = still
        self._stamp_ms = -1
        options = vision.FaceLandmarkerOptions(
            base_options=self._mediapipe.tasks.BaseOptions(model_asset_path=str(path)),
            running_mode=vision.RunningMode.IMAGE if still else vision.RunningMode.VIDEO,
            num_faces=faces,
            output_face_blendshapes=True,
        )
        try:
            with quiet_start():
                self._landmarker = vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            if not is_task_file(path):
                raise InputError(
                    f"{path} is no face landmarker: give the file {ASSETS['face_landmarker'].file}"
                ) from error
            raise MissingDependencyError(
                f"the face landmarker {path} cannot be started ({error}): {LIBRARIES_ADVICE}"
            ) from error

    def measure(self, pixels: Pixels, captured_at: float = 0.0) -> Measurement | None:
        """The largest face in ``pixels``; None when there is none."""
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels)
        )
        if self._still:
            found = self._landmarker.detect(image)
        else:  # MediaPipe refuses time stamps that do not grow
            self._stamp_ms = max(self._stamp_ms + 1, round(captured_at * 1000))
            found = self._landmarker.detect_for_video(image, self._stamp_ms)
        if not found.face_landmarks:
            return None
        height, width = pixels.shape[:2]
        faces = [_picture_coordinates(face, width, height) for face in found.face_landmarks]
        largest = max(range(len(faces)), key=lambda i: face_size(faces[i]))
        return Measurement(
            points=faces[largest],
            scores=_scores(found.face_blendshapes[largest]),
            presence=1.0,
            faces=len(faces),
        )

    def close(self) -> None:
        """Frees the native objects; calling it twice does no harm.

        Needed before the interpreter ends: MediaPipe's own clean-up fails there, with a traceback.
        """
        self._landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_task_file(path: Path) -> bool:
    """True if ``path`` is a bundle of models as MediaPipe publishes them: a zip."""
    return zipfile.is_zipfile(path)


def _picture_coordinates(landmarks: Any, width: int, height: int) -> Any:
    raw = np.array([(p.x, p.y, p.z) for p in landmarks], np.float32)
    half = (min(width, height) - 1) / 2
    pixels = raw * (width, height, width)  # MediaPipe scales z like x
    return ((pixels - ((width - 1) / 2 + 0.5, (height - 1) / 2 + 0.5, 0)) / half).astype(np.float32)


def _scores(categories: Any) -> Any:
    scores = np.zeros(EXPRESSION_SIZE, np.float32)
    for category in categories:
        index = EXPRESSION_INDEX.get(category.category_name)
        if index is not None:  # "_neutral" is not an expression
            scores[index] = category.score
    return scores
