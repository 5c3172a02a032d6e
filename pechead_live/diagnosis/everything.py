"""All checks in the order in which a frame meets them."""

from pechead_live.diagnosis.devices import check_cameras, check_virtual_camera, check_window
from pechead_live.diagnosis.engine_runtimes import check_cupy, check_openvino, check_tensorrt
from pechead_live.diagnosis.finding import Finding
from pechead_live.diagnosis.host import check_platform, check_python, check_system_libraries
from pechead_live.diagnosis.models import check_models
from pechead_live.diagnosis.runtimes import (
    check_mediapipe,
    check_onnxruntime,
    check_opencv,
    check_pyav,
)


def examine() -> list[Finding]:
    """Every finding on this machine; takes a few seconds, opens devices for a moment."""
    return [
        check_python(),
        check_platform(),
        *check_system_libraries(),
        check_opencv(),
        check_pyav(),
        check_mediapipe(),
        *check_models(),
        check_cameras(),
        *check_onnxruntime(),
        *check_openvino(),
        *check_tensorrt(),
        check_cupy(),
        check_virtual_camera(),
        check_window(),
    ]
