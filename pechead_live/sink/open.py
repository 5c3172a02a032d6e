"""From what the user typed to a sink."""

from pathlib import Path

from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.protocols import Sink
from pechead_live.sink.null import NullSink

FILE = "file:"
"""What a sink into a video file starts with."""


def open_sink(spec: str, width: int, height: int, fps: float) -> Sink:
    """The sink that ``spec`` names: ``virtualcam``, ``file:OUT.mp4``, ``preview`` or ``null``.

    Raises `DeviceError` or `OutputError` if it cannot be opened, `InputError` for another word.
    """
    if spec.startswith(FILE) and len(spec) > len(FILE):
        from pechead_live.sink.file import FileSink

        return FileSink(Path(spec.removeprefix(FILE)).expanduser(), width, height, fps)
    if spec == "virtualcam":
        try:
            from pechead_live.sink.virtualcam import VirtualCameraSink
        except ImportError as error:
            raise MissingDependencyError(
                f"the virtual camera needs pyvirtualcam ({error}): "
                "run pip install 'pechead-live[virtualcam]'"
            ) from error
        return VirtualCameraSink(width, height, fps)
    if spec == "preview":
        from pechead_live.sink.preview import PreviewSink

        return PreviewSink()
    if spec == "null":
        return NullSink()
    raise InputError(f"unknown sink {spec!r}: use virtualcam, file:OUT.mp4, preview or null")
