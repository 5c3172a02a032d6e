"""Cameras in, virtual cameras and windows out."""

import sys

from pechead_live.diagnosis.finding import Finding
from pechead_live.errors import DeviceError


def check_cameras() -> Finding:
    """Opens each camera once."""
    try:
        from pechead_live.camera.opencv import existing_cameras
    except ImportError as error:
        return Finding(
            group="camera",
            name="cameras",
            verdict="missing",
            detail=f"OpenCV cannot be loaded: {error}",
            advice="run 'pip install --force-reinstall opencv-contrib-python'",
        )
    found = existing_cameras()
    if not found:
        return Finding(
            group="camera",
            name="cameras",
            verdict="optional",
            detail="none",
            advice="plug a camera in and allow access to it in the system's privacy settings, or "
            "use --camera FILE",
        )
    detail = f"index {', '.join(str(index) for index in found)}"
    return Finding(group="camera", name="cameras", verdict="good", detail=detail)


def check_virtual_camera() -> Finding:
    """Opens the virtual camera for a moment."""
    try:
        from pechead_live.sink.virtualcam import VirtualCameraSink
    except ImportError as error:
        return Finding(
            group="virtual camera",
            name="virtual camera",
            verdict="optional",
            detail=f"cannot be loaded: {error}",
            advice="run pip install 'pechead-live[virtualcam]' to appear as a webcam elsewhere",
        )
    try:
        sink = VirtualCameraSink(640, 480, 30)
    except DeviceError as error:
        what, _, advice = str(error).partition("): ")
        return Finding(
            group="virtual camera",
            name="virtual camera",
            verdict="optional",
            detail=f"{what})",
            advice=advice or "see the message beside it",
        )
    detail = sink.device
    sink.close()
    return Finding(group="virtual camera", name="virtual camera", verdict="good", detail=detail)


def check_window() -> Finding:
    """Whether a preview window could be opened; none is."""
    try:
        from pechead_live.sink.preview import check_screen

        check_screen()
    except (ImportError, DeviceError) as error:
        return Finding(
            group="window",
            name="preview",
            verdict="optional",
            detail=str(error).partition(": ")[0],
            advice="use --sink file:OUT.mp4 or virtualcam instead of preview",
        )
    return Finding(group="window", name="preview", verdict="good", detail=f"on {sys.platform}")
