"""A motion, the avatar that makes it, and the header of its stream."""

from typing import get_args

from pechead_live.avatar.file import open_avatar
from pechead_live.calls import header_for
from pechead_live.calls.encoder import Reference
from pechead_live.facemodel.model import load_face_model
from pechead_live.motion import MotionConfig
from pechead_live.recording.files import read_recording
from pechead_live.samples import sample
from pechead_live.steps import motion_of

REFERENCES = get_args(Reference)
QUALITY_PX = 0.15
FACE_MODEL = load_face_model()
REST = open_avatar(sample("astronaut.avatar")).rest
HEADER = header_for(REST, FACE_MODEL, quality_px=QUALITY_PX)

MOTION = motion_of(read_recording(sample("talking.npz")).coefficients, REST, MotionConfig())
"""The bundled motion as the avatar makes it."""

NEVER_SILENT = 1 << 30
"""Still frames before a silence, where every frame shall be sent."""
