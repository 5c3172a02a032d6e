"""The default tracker: MediaPipe's landmarks, and the face model fitted to them."""

from pathlib import Path

from pechead_live.coefficients import Coefficients
from pechead_live.detector.landmarker import Landmarker
from pechead_live.facemodel.fit import FitState, fit, initial_fit_state
from pechead_live.facemodel.model import FaceModel, load_face_model
from pechead_live.frame import Frame


class MediapipeTracker:
    """Landmarker, then `fit`: frame to coefficients. It keeps the identity it has learned."""

    def __init__(self, landmarker: Landmarker, face_model: FaceModel) -> None:
        self._landmarker = landmarker
        self._face_model = face_model
        self._state: FitState = initial_fit_state(face_model)

    def track(self, frame: Frame) -> Coefficients | None:
        """Coefficients of the largest face in ``frame``; None when there is no face."""
        measurement = self._landmarker.measure(frame.pixels, frame.captured_at)
        if measurement is None:
            return None
        coefficients, self._state = fit(
            measurement, self._face_model, self._state, captured_at=frame.captured_at
        )
        return coefficients

    def close(self) -> None:
        """Frees the landmarker."""
        self._landmarker.close()


def open_mediapipe_tracker(model: Path | None = None) -> MediapipeTracker:
    """A tracker for one person's stream, with the shipped face model."""
    return MediapipeTracker(Landmarker(model, faces=1), load_face_model())
