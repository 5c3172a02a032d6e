"""Cameras in, virtual cameras and windows out."""

import sys
from collections.abc import Sequence

from pechead_live.diagnosis.finding import Finding
from pechead_live.errors import DeviceError
from pechead_live.sink.loopback import Loopback, loopback_devices


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
    """Opens the virtual camera for a moment; on Linux, where that may use it up, only looks."""
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
    if sys.platform.startswith("linux"):
        devices = loopback_devices()
        if devices:
            return loopback_finding(devices)
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


def loopback_finding(devices: Sequence[Loopback]) -> Finding:
    """Good if one of them, at least one, can take pictures."""
    from pechead_live.sink.virtualcam import LOAD_AGAIN

    detail = ", ".join(f"{one.device} ({one.name}) is {one.state}" for one in devices)
    if any(one.state == "ready" for one in devices):
        return Finding(group="virtual camera", name="virtual camera", verdict="good", detail=detail)
    return Finding(
        group="virtual camera",
        name="virtual camera",
        verdict="optional",
        detail=detail,
        advice=LOAD_AGAIN,
    )


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
