"""From what the user typed to a camera."""

from pathlib import Path

from pechead_live.errors import InputError
from pechead_live.protocols import Camera

REPLAY = "replay:"
"""What a recorded motion starts with."""


def open_camera(
    spec: str, *, paced: bool = True, loop: bool = False, fps: float | None = None
) -> Camera:
    """The camera that ``spec`` names: an index (``0``), a file, a URL or ``replay:MOTION``.

    ``paced`` lets files and recordings come in real time; ``loop`` starts them again at their end.
    ``fps`` is a wish to a device.
    Raises `DeviceError` for a device and `InputError` for a file or a stream that cannot be opened.
    The modules are imported here, so that a file needs no OpenCV and a device no PyAV.
    """
    spec = spec.strip()
    if not spec:
        raise InputError("no camera was named: give an index such as 0, a file or a URL")
    if spec.startswith(REPLAY):
        from pechead_live.camera.replay import ReplayCamera
        from pechead_live.recording import read_recording

        recording = read_recording(Path(spec.removeprefix(REPLAY)))
        return ReplayCamera(recording, paced=paced, loop=loop)
    if spec.isdecimal() and not Path(spec).exists():
        from pechead_live.camera.opencv import OpenCvCamera

        return OpenCvCamera(int(spec), fps=fps)
    if "://" in spec:
        from pechead_live.camera.opencv import OpenCvCamera

        return OpenCvCamera(spec)
    from pechead_live.camera.file import FileCamera

    return FileCamera(Path(spec).expanduser(), paced=paced, loop=loop)
