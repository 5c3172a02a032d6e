"""Recorded motion: one `Coefficients` a frame, and the three files it can lie in."""

from pechead_live.recording.files import (
    read_recording,
    write_recording,
)
from pechead_live.recording.recording import Recording

__all__ = ["Recording", "read_recording", "write_recording"]
