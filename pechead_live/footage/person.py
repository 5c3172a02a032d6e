"""Who a clip shows: one identity, settled on some of its frames and then frozen."""

from collections.abc import Iterable

from pechead_live.facemodel.fit import DEFAULT_FIT, FitState, fit, initial_fit_state
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model


def settled_person(measurements: Iterable[Measurement]) -> FitState:
    """The identity that all of ``measurements`` show; every later fit leaves it as it is.

    It is frozen as it is after the first second of a call.
    """
    model = load_face_model()
    state = initial_fit_state(model)
    for measurement in measurements:
        _, state = fit(measurement, model, state._replace(frames=0), captured_at=0.0)
    return state._replace(frames=DEFAULT_FIT.calibration_frames)
